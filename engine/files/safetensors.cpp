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

/// Wide dtypes first, so that every tensor lies aligned; then by name.
std::vector<TensorEntry> ordered(std::vector<TensorEntry> entries, const std::filesystem::path& path) {
  for (const TensorEntry& entry : entries) {
    const std::string subject = "cannot write \"" + entry.name + "\" to \"" + path.string() + "\": ";
    if (entry.name == "__metadata__")
      throw Error(subject + "the container keeps that name for itself; rename it");
    if (safetensorsDtype(entry.dtype).empty())
      throw Error(subject + "safetensors has no " + dtypeName(entry.dtype) +
                  " tensors; convert it to float32 first");
  }
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) {
    const size_t wideA = c10::elementSize(a.dtype), wideB = c10::elementSize(b.dtype);
    return std::tie(wideB, a.name) < std::tie(wideA, b.name);
  });
  return entries;
}

uint64_t bytesOf(const TensorEntry& entry) {
  const std::optional<int64_t> bytes = byteCount(entry.shape, entry.dtype);
  if (!bytes) throw Error("a tensor " + shapeText(entry.shape) + " is larger than can be");
  return static_cast<uint64_t>(*bytes);
}

std::string headerText(const std::vector<TensorEntry>& order, const TextMap& metadata,
                       const std::string& path) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const TensorEntry& entry : order) {
    const uint64_t end = offset + bytesOf(entry);
    header[entry.name] = {
        {"dtype", safetensorsDtype(entry.dtype)}, {"shape", entry.shape}, {"data_offsets", {offset, end}}};
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

uint64_t sizeOf(const std::vector<TensorEntry>& order) {
  uint64_t size = 0;
  for (const TensorEntry& entry : order) size += bytesOf(entry);
  return size;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorEntry> entries,
                                     const TextMap& metadata, Durability durability)
    : order_(ordered(std::move(entries), path)),
      header_(headerText(order_, metadata, path.string())),
      left_(sizeOf(order_)),
      file_(path, {.bytes = kPrefix + header_.size() + left_, .durability = durability}) {
  const uint64_t length = header_.size();
  file_.write(std::as_bytes(std::span(&length, 1)));
  file_.write(header_);
}

void SafetensorsWriter::write(const at::Tensor& piece, const CancelToken* cancel) {
  constexpr size_t kPiece = size_t{16} << 20;  // between two looks at the cancel token
  const at::Tensor flat = plainBytes(piece);
  std::span rest(static_cast<const std::byte*>(flat.const_data_ptr()), flat.nbytes());
  if (rest.size() > left_) throw Error("more was written than the file's header declares");
  left_ -= rest.size();
  while (!rest.empty()) {
    if (cancel) cancel->check();
    const auto part = rest.first(std::min(rest.size(), kPiece));
    file_.write(part);
    rest = rest.subspan(part.size());
  }
}

void SafetensorsWriter::commit() {
  if (left_ > 0) throw Error("less was written than the file's header declares");
  file_.commit();
}

void writeSafetensors(const std::filesystem::path& path, const TensorMap& tensors, const TextMap& metadata,
                      const CancelToken* cancel, Durability durability) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    const std::string subject = "cannot write \"" + name + "\" to \"" + path.string() + "\": ";
    if (!tensor.defined()) throw Error(subject + "there is no tensor");
    if (tensor.layout() != at::kStrided)
      throw Error(subject + "safetensors has no " + dtypeName(tensor.scalar_type()) +
                  " sparse tensors; convert it to float32 first");
    entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec()});
  }
  SafetensorsWriter writer(path, std::move(entries), metadata, durability);
  for (const TensorEntry& entry : writer.order()) writer.write(tensors.at(entry.name), cancel);
  if (cancel) cancel->check();
  writer.commit();
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
