#include "engine/values/value.h"

namespace loom {

size_t Value::bytes() const {
  if (empty()) return 0;
  if (type_->bytes) return type_->bytes(*this);
  if (const at::Tensor* t = tensor()) return t->defined() ? t->nbytes() : 0;
  return 64;
}

std::string Value::summary() const {
  if (empty()) return "nothing";
  return type_->summary ? type_->summary(*this) : type_->name;
}

const at::Tensor* Value::tensor() const { return empty() || !type_->tensor ? nullptr : type_->tensor(*this); }

}  // namespace loom
