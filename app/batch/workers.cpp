#include "app/batch/workers.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "app/cli/output.h"

extern char** environ;

namespace loom {
namespace {

using nlohmann::json;

constexpr int kMostIdleDeaths = 3;  // of workers that had no job: starting more would not help

std::string howEnded(int status) {
  if (!WIFSIGNALED(status)) return "ended with code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return std::string("was ended by signal ") + std::to_string(number) + " (" + strsignal(number) + ")" +
         (number == SIGKILL ? "; where nobody killed it, the machine had no memory left" : "");
}

}  // namespace

std::string WorkerOrder::text() const {
  return std::to_string(threads) + " " + std::to_string(workers) + " " + std::to_string(together) + " " +
         std::to_string(parent) + " " + session;
}

WorkerOrder WorkerOrder::parse(const std::string& text) {
  WorkerOrder order;
  std::istringstream fields(text);
  if (!(fields >> order.threads >> order.workers >> order.together >> order.parent >> order.session) ||
      order.threads < 1 || order.workers < 1 || order.together < 0)
    throw Error("--as-worker is for the program's own workers");
  return order;
}

Workers::Workers(const JobSurroundings& around, JobStates& states, Options options)
    : around_(around), states_(states), options_(std::move(options)) {}

Workers::~Workers() {
  for (const Child& child : children_) {
    ::kill(child.process, SIGKILL);
    ::waitpid(child.process, nullptr, 0);
    ::close(child.events);
  }
}

void Workers::start() {
  std::vector<std::string> arguments{"noiseloom"};
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  const auto add = [&](const std::string& flag) {
    if (std::find(arguments.begin(), arguments.end(), flag) == arguments.end()) arguments.push_back(flag);
  };
  if (!around_.report.options().json) add("--quiet");  // nobody reads of their steps
  add("--json");
  const WorkerOrder order{options_.threads, options_.count, oneByOne_ ? 1 : 0, ::getpid(), around_.session};
  arguments.insert(arguments.end(), {"--as-worker", order.text()});
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(std::string("no worker can be started: ") + std::strerror(errno));
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  // A group of its own: Ctrl-C reaches this process, which stops its workers once.
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
  Child child;
  const int error = ::posix_spawn(&child.process, "/proc/self/exe", &files, &how, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  ::close(ends[1]);
  child.events = ends[0];
  if (error != 0) {
    ::close(ends[0]);
    throw Error(std::string("no worker can be started: ") + std::strerror(error));
  }
  children_.push_back(std::move(child));
}

void Workers::tell(Child& child, const std::string& line) {
  const json event = json::parse(line, nullptr, false);
  if (!event.is_object()) return;
  const std::string kind = event.value("event", ""), job = event.value("job", "");
  if (kind == "job-started") child.running.insert(job);
  const bool end = kind == "job-finished" || kind == "job-failed";
  if (end) {
    child.running.erase(job);
    if (const auto number = states_.jobIn(job)) states_.setTried(*number);
  }
  if (kind == "error") {
    refusal_ = event.value("message", "");
  } else if (end) {
    JobRecord record;
    record.name = job;
    record.done = kind == "job-finished";
    record.seconds = event.value("seconds", 0.0);
    record.error = event.value("message", "");
    record.errorNode = event.value("node", "");
    record.errorPort = event.value("port", "");
    around_.report.jobEnded(record, line);
  } else {
    around_.report.pass(line, event);
  }
}

void Workers::read(Child& child) {
  char bytes[1 << 16];
  const ssize_t count = ::read(child.events, bytes, sizeof bytes);
  if (count > 0) child.unread.append(bytes, static_cast<size_t>(count));
  size_t begin = 0;
  for (size_t end; (end = child.unread.find('\n', begin)) != std::string::npos; begin = end + 1)
    tell(child, child.unread.substr(begin, end - begin));
  child.unread.erase(0, begin);
  if (count > 0 || (count < 0 && errno == EINTR)) return;
  int status = 0;
  while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  ::close(child.events);
  child.events = -1;
  ended(child, status);
}

void Workers::ended(Child& child, int status) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == kDone || code == kFailed || code == kStopped || stopping_) return;
  if (code == kRefused && child.running.empty())
    throw Error("a worker refused" + (refusal_.empty() ? std::string() : ": " + refusal_));
  died(child, howEnded(status));
}

// One job at hand is the one that did it. Of several nobody knows which; they are done again, one by one.
void Workers::died(const Child& child, const std::string& how) {
  ++toStart_;
  if (child.running.size() > 1) {
    oneByOne_ = true;
    around_.report.say("", "a worker " + how + "; its jobs are done again, one by one");
  } else if (child.running.empty()) {
    if (++idleDeaths_ > kMostIdleDeaths) throw Error("the workers end before they have a job: one " + how);
  } else if (const auto job = states_.jobIn(*child.running.begin())) {
    recordFailure(around_, *job, *child.running.begin(), Error("its process " + how));
    states_.setTried(*job);
  }
}

void Workers::waitForEvents() {
  std::vector<pollfd> ready;
  for (const Child& child : children_) ready.push_back({child.events, POLLIN, 0});
  if (::poll(ready.data(), ready.size(), 200) > 0)
    for (size_t i = 0; i < ready.size(); ++i)
      if (ready[i].revents) read(children_[i]);
  if (around_.cancel.requested() && !stopping_) {
    stopping_ = true;
    for (const Child& child : children_)
      if (child.events >= 0) ::kill(child.process, SIGTERM);
  }
}

bool Workers::run() {
  const size_t wanted = std::min<size_t>(static_cast<size_t>(options_.count), states_.missing().size());
  for (size_t i = 0; i < wanted; ++i) start();
  while (!children_.empty()) {
    waitForEvents();
    std::erase_if(children_, [](const Child& child) { return child.events < 0; });
    // One that died is followed by another while there is work that nobody does.
    for (; toStart_ > 0; --toStart_)
      if (!stopping_ && states_.missing().size() > children_.size()) start();
  }
  return !stopping_;
}

}  // namespace loom
