#include <csignal>
#include <cstdio>

#include "app/cli/command_line.h"
#include "app/cli/output.h"
#include "nodes/registry.h"

int main(int argc, char** argv) {
#ifdef SIGXFSZ
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error to be told, not the end
#endif
  try {
    const int code = loom::runCommandLine(argc, argv, loom::registry());
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
      throw loom::Error("what was to be printed can't be written: is the disk full?");
    return code;
  } catch (const std::exception& error) {
    return loom::report(loom::plainError(error), loom::kFailed, false);
  }
}
