// Numbers as one types them. Recursive descent; precedence as in Python.
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

#include "app/editor/document/edits.h"

namespace loom::editor {
namespace {

constexpr size_t kLongest = 500;
constexpr int kDeepest = 50;

struct NoNumber {};

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  double whole() {
    const double value = sum();
    skipSpace();
    if (!rest_.empty()) throw NoNumber();
    return value;
  }

 private:
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) {
      if (++depth_ > kDeepest) throw NoNumber();
    }
    ~Level() { --depth_; }

   private:
    int& depth_;
  };

  void skipSpace() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }

  bool take(std::string_view sign) {
    skipSpace();
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    return true;
  }

  double sum() {
    const Level level(depth_);
    double value = product();
    for (;;) {
      if (take("+"))
        value += product();
      else if (take("-"))
        value -= product();
      else
        return value;
    }
  }

  double product() {
    double value = signedPower();
    for (;;) {
      if (take("//")) {
        value = std::floor(value / signedPower());
      } else if (take("/")) {
        value /= signedPower();
      } else if (take("%")) {
        const double by = signedPower();
        value -= by * std::floor(value / by);
      } else if (skipSpace(), !rest_.starts_with("**") && take("*")) {
        value *= signedPower();
      } else {
        return value;
      }
    }
  }

  // -3**2 is -9, and 2**-1 a half.
  double signedPower() {
    const Level level(depth_);
    if (take("-")) return -signedPower();
    if (take("+")) return signedPower();
    const double base = atom();
    return take("**") ? std::pow(base, signedPower()) : base;
  }

  double atom() {
    if (take("(")) {
      const double value = sum();
      if (!take(")")) throw NoNumber();
      return value;
    }
    skipSpace();
    if (rest_.empty()) throw NoNumber();
    const bool digit = (rest_[0] >= '0' && rest_[0] <= '9') || rest_[0] == '.';
    return digit ? number() : named();
  }

  double number() {
    double value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) throw NoNumber();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    if (!rest_.empty() && (isLetter(rest_[0]) || rest_[0] == '.')) throw NoNumber();  // 2x, 1.2.3
    return value;
  }

  static bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  double named() {
    size_t length = 0;
    while (length < rest_.size() &&
           (isLetter(rest_[length]) || (length > 0 && rest_[length] >= '0' && rest_[length] <= '9')))
      ++length;
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (name == "pi") return std::numbers::pi;
    if (name == "e") return std::numbers::e;
    if (name == "tau") return 2 * std::numbers::pi;
    if (!take("(")) throw NoNumber();
    std::array<double, 16> values{};
    size_t count = 0;
    do {
      if (count == values.size()) throw NoNumber();
      values[count++] = sum();
    } while (take(","));
    if (!take(")")) throw NoNumber();
    return call(name, values, count);
  }

  static double call(std::string_view name, const std::array<double, 16>& values, size_t count) {
    if (name == "min" || name == "max") {
      double best = values[0];
      for (size_t i = 1; i < count; ++i)
        best = name == "min" ? std::fmin(best, values[i]) : std::fmax(best, values[i]);
      return best;
    }
    if (name == "log" && count == 2) return std::log(values[0]) / std::log(values[1]);
    struct Function {
      std::string_view name;
      double (*of)(double);
    };
    static constexpr Function functions[] = {
        {"sqrt", [](double x) { return std::sqrt(x); }},   {"exp", [](double x) { return std::exp(x); }},
        {"log", [](double x) { return std::log(x); }},     {"log2", [](double x) { return std::log2(x); }},
        {"log10", [](double x) { return std::log10(x); }}, {"sin", [](double x) { return std::sin(x); }},
        {"cos", [](double x) { return std::cos(x); }},     {"tan", [](double x) { return std::tan(x); }},
        {"abs", [](double x) { return std::abs(x); }},     {"floor", [](double x) { return std::floor(x); }},
        {"ceil", [](double x) { return std::ceil(x); }},   {"round", [](double x) { return std::round(x); }}};
    for (const Function& function : functions)
      if (function.name == name && count == 1) return function.of(values[0]);
    throw NoNumber();
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

std::optional<double> evaluate(std::string_view expression) {
  if (expression.size() > kLongest) return {};
  try {
    const double value = Parser(expression).whole();
    if (std::isfinite(value)) return value;
  } catch (const NoNumber&) {
  }
  return {};
}

}  // namespace loom::editor
