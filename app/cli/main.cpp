#include "app/cli/command_line.h"
#include "app/cli/output.h"
#include "nodes/registry.h"

int main(int argc, char** argv) {
  try {
    return loom::runCommandLine(argc, argv, loom::registry());
  } catch (const std::exception& error) {
    return loom::report(loom::plainError(error), loom::kFailed, false);
  }
}
