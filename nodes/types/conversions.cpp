#include "nodes/types/conversions.h"

#include "nodes/types/types.h"

namespace loom {

namespace {

const at::Tensor& batch(const Value& value, const char* wanted) {
  const at::Tensor& tensor = value.as<at::Tensor>();
  if (!tensor.defined() || tensor.dim() != 4 || !tensor.is_floating_point())
    throw Error(std::string(wanted) + " needs a float tensor [B, C, H, W]; this one is " + describe(tensor) +
                ".");
  return tensor;
}

template <class T, at::Tensor T::*member>
Value toTensor(const Value& value) {
  return Value::of<at::Tensor>(value.as<T>().*member);
}
Value noiseToLatent(const Value& value) { return Value::of<Latent>({value.as<Noise>().z}); }
Value tensorToLatent(const Value& value) {
  return Value::of<Latent>({batch(value, "A Latent").to(at::kFloat)});
}
Value tensorToNoise(const Value& value) { return Value::of<Noise>({batch(value, "Noise").to(at::kFloat)}); }
Value tensorToImage(const Value& value) {
  const at::Tensor& tensor = batch(value, "An Image");
  if (tensor.size(1) != 1 && tensor.size(1) != 3)
    throw Error("An Image has 1 channel or 3; this tensor is " + describe(tensor) + ".");
  return Value::of<Image>({tensor.to(at::kFloat)});
}

}  // namespace

void addTypeConversions(Registry& registry) {
  registry.add(Conversion{&typeOf<Noise>(), &typeOf<Latent>(), noiseToLatent});
  registry.add(Conversion{&typeOf<Image>(), &typeOf<at::Tensor>(), toTensor<Image, &Image::pixels>});
  registry.add(Conversion{&typeOf<Latent>(), &typeOf<at::Tensor>(), toTensor<Latent, &Latent::x>});
  registry.add(Conversion{&typeOf<Noise>(), &typeOf<at::Tensor>(), toTensor<Noise, &Noise::z>});
  registry.add(Conversion{&typeOf<at::Tensor>(), &typeOf<Latent>(), tensorToLatent});
  registry.add(Conversion{&typeOf<at::Tensor>(), &typeOf<Noise>(), tensorToNoise});
  registry.add(Conversion{&typeOf<at::Tensor>(), &typeOf<Image>(), tensorToImage});
}

}  // namespace loom
