// Signals: the first asks to stop, the second ends the program, an ignored one stays ignored. Each in a
// process of its own.
#include <torch/torch.h>

#include <sys/wait.h>
#include <unistd.h>
#include <QtTest>
#include <csignal>

#include "app/cli/interrupt.h"

using namespace loom;

namespace {

constexpr int kWrong = 77;

// The exit code of `body` in a child process; 128 + the signal where one ended it.
template <class Body>
int inChild(const Body& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

class InterruptTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { std::signal(SIGINT, SIG_DFL); }

  void theFirstAsks_data() {
    QTest::addColumn<int>("number");
    QTest::newRow("SIGINT") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
  }
  void theFirstAsks() {
    QFETCH(int, number);
    QCOMPARE(inChild([&] {
               CancelToken token;
               const Interrupt interrupt(token);
               if (token.requested()) return kWrong;
               raise(number);
               return token.requested() ? 0 : kWrong;
             }),
             0);
  }
  void theSecondEnds() {
    QCOMPARE(inChild([] {
               CancelToken token;
               const Interrupt interrupt(token);
               raise(SIGINT);
               raise(SIGINT);
               return kWrong;
             }),
             130);
  }
  void afterwardsAllIsAsBefore() {
    QCOMPARE(inChild([] {
               CancelToken token;
               { const Interrupt interrupt(token); }
               raise(SIGINT);
               return kWrong;
             }),
             128 + SIGINT);
  }
  void anIgnoredOneStaysIgnored() {
    QCOMPARE(inChild([] {
               std::signal(SIGINT, SIG_IGN);
               CancelToken token;
               const Interrupt interrupt(token);
               raise(SIGINT);
               return token.requested() ? kWrong : 0;
             }),
             0);
  }
};

QTEST_GUILESS_MAIN(InterruptTest)
#include "interrupt_test.moc"
