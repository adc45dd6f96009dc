#include "app/worker/client_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/worker/rpc.h"

namespace loom {
namespace {

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw Error("--socket: a path of 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes, not " +
                std::to_string(path.size()));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

int newSocket() {
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) throw Error(std::string("a socket can't be made: ") + std::strerror(errno));
  return made;
}

// What a killed worker left behind is nobody's.
void removeDead(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) throw Error("--socket " + path + ": there is a file of this name");
  const int probe = newSocket();
  const bool alive = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int why = errno;
  close(probe);
  if (alive || why != ECONNREFUSED) throw Error("--socket " + path + ": another program serves it");
  unlink(path.c_str());
}

bool sameUser(int client) {
  ucred other{};
  socklen_t size = sizeof other;
  return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0 && other.uid == geteuid();
}

// Who connects and leaves without a word only looked whether the socket is served (removeDead).
bool speaks(int client, int wake) {
  pollfd files[2] = {{client, POLLIN, 0}, {wake, POLLIN, 0}};
  while (poll(files, 2, -1) < 0 && errno == EINTR) {
  }
  char first;
  return files[0].revents != 0 && recv(client, &first, 1, MSG_PEEK) == 1;
}

void turnAway(int client) {
  const std::string line =
      lineOf(rpcFailure(nullptr, RpcError(RpcCode::hello, "this worker serves another user"))) + "\n";
  [[maybe_unused]] const ssize_t sent = send(client, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  close(client);
}

}  // namespace

StandardChannel::StandardChannel()
    : in_(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)), out_(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)) {
  if (in_ < 0 || out_ < 0) throw Error("the worker speaks over standard input and output, and one is closed");
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) {
    dup2(nothing, STDIN_FILENO);
    close(nothing);
  }
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

StandardChannel::~StandardChannel() {
  close(in_);
  close(out_);
}

SocketChannel::SocketChannel(std::string path) : path_(std::move(path)) {
  const sockaddr_un address = addressOf(path_);
  removeDead(path_, address);
  listening_ = newSocket();
  const mode_t before = umask(0177);  // 0600 from the first moment
  const bool bound = bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int why = errno;
  umask(before);
  if (!bound || listen(listening_, 1) != 0) {
    close(listening_);
    throw Error("--socket " + path_ + ": " + std::strerror(bound ? errno : why));
  }
}

SocketChannel::~SocketChannel() {
  if (client_ >= 0) close(client_);
  if (listening_ >= 0) close(listening_);
  unlink(path_.c_str());
}

bool SocketChannel::accept(int wake) {
  while (true) {
    pollfd files[2] = {{listening_, POLLIN, 0}, {wake, POLLIN, 0}};
    if (poll(files, 2, -1) < 0 && errno != EINTR) return false;
    if (files[1].revents) return false;
    if (!files[0].revents) continue;
    const int client = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    if (!sameUser(client)) {
      turnAway(client);
      continue;
    }
    if (!speaks(client, wake)) {
      close(client);
      continue;
    }
    client_ = client;
    close(listening_);  // one client: others are refused from here on
    listening_ = -1;
    return true;
  }
}

}  // namespace loom
