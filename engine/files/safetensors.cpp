#include "engine/files/safetensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/files/atomic_file.h"
#include "engine/files/file_tensor.h"
#include "engine/files/safetensors_header.h"

namespace loom {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the container is little endian, and so is our view of it");

constexpr size_t kPrefix = 8;  // the header's length
constexpr const char* kArchiveKey = "noiseloom";

uint64_t headerBytes(std::span<const std::byte> bytes) {
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length;
}

/// Every byte of the data must belong to exactly one tensor.
void checkLayout(const SafetensorsHeader& header, uint64_t fileSize, const std::string& file) {
  std::vector<const SafetensorsHeader::Item*> items;
  for (const auto& item : header.tensors) items.push_back(&item);
  std::sort(items.begin(), items.end(),
            [](auto* a, auto* b) { return std::tie(a->begin, a->end) < std::tie(b->begin, b->end); });
  const SafetensorsHeader::Item* last = nullptr;
  for (const auto* item : items) {
    if (item->end > fileSize)
      throw Error(file + " is cut short: \"" + item->name + "\" ends at byte " + std::to_string(item->end) +
                  " and the file has " + std::to_string(fileSize) + ". Get the file again");
    if (last && item->begin < last->end)
      throw Error(file + " is not a sound safetensors file: \"" + item->name + "\" overlaps \"" + last->name +
                  "\". Get the file again");
    last = item;
  }
}

}  // namespace

bool looksLikeSafetensors(std::span<const std::byte> bytes) {
  return bytes.size() > kPrefix && bytes[kPrefix] == std::byte{'{'} && headerBytes(bytes) >= 2;
}

SafetensorsHeader readSafetensorsHeader(const MappedFile& file) {
  const auto bytes = file.bytes();
  const auto refuse = [&](const std::string& what) {
    throw Error(file.name() + " is not a sound safetensors file: " + what + ". Get the file again");
  };
  if (!looksLikeSafetensors(bytes)) refuse("it does not begin with a header");
  const uint64_t length = headerBytes(bytes);
  if (length > kMostHeaderBytes)
    refuse("its header would be " + std::to_string(length) + " bytes long; " +
           std::to_string(kMostHeaderBytes) + " is the limit");
  if (length > bytes.size() - kPrefix)
    refuse("its header of " + std::to_string(length) + " bytes is longer than the file, " +
           std::to_string(bytes.size()) + " bytes");
  const std::string_view json(reinterpret_cast<const char*>(bytes.data()) + kPrefix, length);
  SafetensorsHeader header = parseSafetensorsHeader(json, file.name());
  for (auto& item : header.tensors) {
    if (__builtin_add_overflow(item.begin, kPrefix + length, &item.begin) ||
        __builtin_add_overflow(item.end, kPrefix + length, &item.end))
      refuse("the offsets of \"" + item.name + "\" are out of range");
  }
  checkLayout(header, bytes.size(), file.name());
  return header;
}

SafetensorsHeader readSafetensorsHeader(const std::filesystem::path& path) {
  return readSafetensorsHeader(*MappedFile::open(path));
}

at::Tensor viewTensor(std::shared_ptr<const MappedFile> file, const SafetensorsHeader::Item& item) {
  return viewOfFile(std::move(file), item.begin, item.dtype, item.shape);
}

Safetensors readSafetensors(std::shared_ptr<const MappedFile> file) {
  SafetensorsHeader header = readSafetensorsHeader(*file);
  Safetensors all;
  all.metadata = std::move(header.metadata);
  for (const auto& item : header.tensors) all.tensors.emplace(item.name, viewTensor(file, item));
  return all;
}

Safetensors readSafetensors(const std::filesystem::path& path) {
  return readSafetensors(MappedFile::open(path));
}

namespace {

struct Planned {
  const std::string* name;
  const at::Tensor* tensor;
};

/// Wide dtypes first, so that every tensor lies aligned; then by name.
std::vector<Planned> planned(const TensorMap& tensors, const std::filesystem::path& path) {
  std::vector<Planned> order;
  for (const auto& [name, tensor] : tensors) {
    const std::string subject = "cannot write \"" + name + "\" to \"" + path.string() + "\": ";
    if (!tensor.defined()) throw Error(subject + "there is no tensor");
    if (name == "__metadata__") throw Error(subject + "the container keeps that name for itself; rename it");
    if (tensor.layout() != at::kStrided || safetensorsDtype(tensor.scalar_type()).empty())
      throw Error(subject + "safetensors has no " + dtypeName(tensor.scalar_type()) +
                  (tensor.layout() == at::kStrided ? "" : " sparse") +
                  " tensors; convert it to float32 first");
    order.push_back({&name, &tensor});
  }
  std::stable_sort(order.begin(), order.end(),
                   [](auto& a, auto& b) { return a.tensor->element_size() > b.tensor->element_size(); });
  return order;
}

std::string headerText(const std::vector<Planned>& order, const TextMap& metadata, const std::string& path) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : order) {
    const uint64_t end = offset + tensor->nbytes();
    header[*name] = {{"dtype", safetensorsDtype(tensor->scalar_type())},
                     {"shape", tensor->sizes().vec()},
                     {"data_offsets", {offset, end}}};
    offset = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const nlohmann::json::exception&) {
    throw Error("cannot write \"" + path + "\": a name or its metadata is not valid UTF-8");
  }
}

void writeTensor(AtomicFile& file, const at::Tensor& tensor, const CancelToken* cancel) {
  constexpr size_t kPiece = size_t{16} << 20;  // between two looks at the cancel token
  const at::Tensor flat = plainBytes(tensor);
  std::span rest(static_cast<const std::byte*>(flat.const_data_ptr()), flat.nbytes());
  while (!rest.empty()) {
    if (cancel) cancel->check();
    const auto piece = rest.first(std::min(rest.size(), kPiece));
    file.write(piece);
    rest = rest.subspan(piece.size());
  }
}

}  // namespace

void writeSafetensors(const std::filesystem::path& path, const TensorMap& tensors, const TextMap& metadata,
                      const CancelToken* cancel, Durability durability) {
  const std::vector<Planned> order = planned(tensors, path);
  const std::string header = headerText(order, metadata, path.string());
  uint64_t size = kPrefix + header.size();
  for (const Planned& item : order) size += item.tensor->nbytes();

  AtomicFile file(path, {.bytes = size, .durability = durability});
  const uint64_t length = header.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const Planned& item : order) writeTensor(file, *item.tensor, cancel);
  if (cancel) cancel->check();
  file.commit();
}

Archive readArchive(const std::filesystem::path& path) {
  Safetensors file = readSafetensors(path);
  const auto meta = file.metadata.find(kArchiveKey);
  if (meta == file.metadata.end())
    throw Error("\"" + path.string() +
                "\" holds tensors but was not saved by Noiseloom. Load it as weights or tensors");
  Archive archive{std::move(file.tensors), nlohmann::json::parse(meta->second, nullptr, false)};
  if (archive.meta.is_discarded())
    throw Error("\"" + path.string() + "\" is damaged: its description is no valid JSON. Get the file again");
  return archive;
}

void writeArchive(const std::filesystem::path& path, const Archive& archive, const CancelToken* cancel,
                  TextMap more, Durability durability) {
  more[kArchiveKey] = archive.meta.dump();
  writeSafetensors(path, archive.tensors, more, cancel, durability);
}

}  // namespace loom
