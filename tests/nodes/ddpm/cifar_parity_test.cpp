// The published CIFAR-10 size (35.7 M parameters). Slow: labelled heavy.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <QtTest>

#include "tests/nodes/ddpm/fixture.h"

using namespace loom;
using namespace loom::test;

class CifarParityTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void forward() {
    const parity::Case c("ddpm_cifar_full");
    const auto net = filledUNet(c, "fill");
    const at::NoGradGuard noGrad;
    for (const char* pair : {"a", "b"}) {
      const at::Tensor embedding = net->embedTime(c.tensor(std::string("in.t_") + pair));
      COMPARE_TO_CASE(c, std::string("out.eps_") + pair, net->forward(c.tensor("in.x"), embedding, {}));
    }
  }
};

QTEST_GUILESS_MAIN(CifarParityTest)
#include "cifar_parity_test.moc"
