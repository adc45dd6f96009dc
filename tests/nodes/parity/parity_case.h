#pragma once
// A case of tests/data/parity: outputs of an original program, and how near ours must come. Test code only.
#include <ATen/core/Tensor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace loom::parity {

class Case {
 public:
  /// Reads NAME.json and NAME.safetensors of tests/data/parity.
  explicit Case(const std::string& name);
  const nlohmann::json& json() const { return json_; }
  const at::Tensor& tensor(const std::string& key) const;
  /// The draws "tape.RUN.NNNN.kind" of a run, in order.
  std::vector<at::Tensor> tape(const std::string& run) const;

  struct Deviation {
    double value = 0, tolerance = 0;
    bool good() const { return value <= tolerance; }  // false for NaN
  };
  /// How far `ours` is from output `key`, by that output's metric, and how far it may be. Shapes must agree.
  Deviation compare(const std::string& key, const at::Tensor& ours) const;

  /// The case's weights by its seeded fill ("fill", "fill_ema_model"); names in `kept` come from `fixed`.
  std::map<std::string, at::Tensor> filled(const std::string& fill,
                                           const std::map<std::string, at::Tensor>& fixed) const;

 private:
  nlohmann::json json_;
  std::map<std::string, at::Tensor> tensors_;
};

/// Path of a file of tests/data/parity.
std::string file(const std::string& name);

}  // namespace loom::parity

/// Fails the test with numbers where `ours` is too far from output `key` of the case.
#define COMPARE_TO_CASE(reference, key, ours)                                                    \
  do {                                                                                           \
    const auto deviation = (reference).compare(key, ours);                                       \
    if (qEnvironmentVariableIsSet("NOISELOOM_SHOW_PARITY"))                                      \
      qInfo("%s: %.3g of %.3g", std::string(key).c_str(), deviation.value, deviation.tolerance); \
    QVERIFY2(deviation.good(), qPrintable(QString("%1 deviates by %2, tolerance %3")             \
                                              .arg(QString::fromStdString(key))                  \
                                              .arg(deviation.value)                              \
                                              .arg(deviation.tolerance)));                       \
  } while (false)
