#include "engine/files/torch_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "engine/core/error.h"
#include "engine/files/zip_file.h"

namespace loom {
namespace {

using Bytes = std::span<const std::byte>;
using Kind = PickleValue::Kind;

/// How the older form begins: a pickle (protocol 2) of the 80-bit number 0x1950a86a20f9469cfc6c.
constexpr std::string_view kLegacyMagic{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15};

std::string_view textOf(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

Pickle parse(Bytes bytes) {
  try {
    return parsePickle(bytes);
  } catch (const Error& error) {
    throw Error(std::string("can't be read: its pickle ") + error.what() + ". Get the file again");
  }
}

const PickleValue* entryOf(const PickleValue& dict, std::string_view key) {
  if (dict.kind == Kind::dict)
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2)
      if (dict.items[i]->text == key) return dict.items[i + 1];
  return nullptr;
}

int64_t elementBytes(at::ScalarType dtype) { return static_cast<int64_t>(c10::elementSize(dtype)); }

}  // namespace

bool TorchFile::recognises(Bytes bytes) {
  return looksLikeZip(bytes) || textOf(bytes).starts_with(kLegacyMagic);
}

TorchFile::TorchFile(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  try {
    looksLikeZip(file_->bytes()) ? readZip() : readLegacy();
    checkStorages();
    tensors_ = namedTensors(pickle_, notes_);
  } catch (const Error& error) {
    throw Error(file_->name() + " " + error.what());
  }
  for (const std::string& name : pickle_.skipped)
    notes_.push_back("names " + name + ", which was neither loaded nor run");
}

void TorchFile::readZip() {
  container_ = "torch zip";
  const auto entries = readZipDirectory(file_->bytes());
  // All lie in one folder, named after the file as it was saved.
  const auto pickle = std::find_if(entries.begin(), entries.end(), [](const auto& entry) {
    const size_t slash = entry.first.find('/');
    return slash != std::string::npos && entry.first.substr(slash) == "/data.pkl";
  });
  if (pickle == entries.end())
    throw Error("is a zip archive, but holds no data.pkl: torch.save did not write it");
  const std::string folder = pickle->first.substr(0, pickle->first.find('/'));
  const auto bytesOf = [&](const ZipEntry& entry) {
    return file_->bytes().subspan(entry.begin, entry.end - entry.begin);
  };
  if (const auto order = entries.find(folder + "/byteorder"); order != entries.end())
    if (textOf(bytesOf(order->second)) != "little")
      throw Error("was written on a big-endian machine. Save it again on a little-endian one");
  pickle_ = parse(bytesOf(pickle->second));
  const std::string data = folder + "/data/";
  for (auto at = entries.lower_bound(data); at != entries.end() && at->first.starts_with(data); ++at)
    places_[at->first.substr(data.size())] = {at->second.begin, at->second.end};
}

void TorchFile::readLegacy() {
  container_ = "torch legacy";
  // Five pickles: the magic number, a protocol number, facts on the machine, the object, the storages' keys.
  Bytes rest = file_->bytes().subspan(kLegacyMagic.size());
  const auto next = [&] {
    Pickle pickle = parse(rest);
    rest = rest.subspan(pickle.bytes);
    return pickle;
  };
  const Pickle protocol = next();
  if (protocol.root->kind != Kind::integer || protocol.root->integer != 1001)
    throw Error("is of a torch.save protocol that is not known. Save it again with a newer torch");
  const Pickle machine = next();
  const PickleValue* little = entryOf(*machine.root, "little_endian");
  if (little && little->kind == Kind::boolean && !little->integer)
    throw Error("was written on a big-endian machine. Save it again on a little-endian one");
  pickle_ = next();
  findLegacyStorages(rest);
}

void TorchFile::findLegacyStorages(Bytes rest) {
  const Pickle keys = parse(rest);
  rest = rest.subspan(keys.bytes);
  std::map<std::string, at::ScalarType> dtypes;
  for (const StorageRecord& storage : pickle_.storages) dtypes[storage.key] = storage.dtype;
  // In the keys' order, each storage: its number of elements (int64), then the elements.
  for (const PickleValue* key : keys.root->items) {
    const auto dtype = dtypes.find(key->text);
    if (key->kind != Kind::text || dtype == dtypes.end())
      throw Error("can't be read: it holds a storage that nothing refers to. Get the file again");
    int64_t elements = 0, bytes = 0;
    if (rest.size() < sizeof elements)
      throw Error("is cut short before storage " + key->text + ". Get the file again");
    std::memcpy(&elements, rest.data(), sizeof elements);
    rest = rest.subspan(sizeof elements);
    if (elements < 0 || __builtin_mul_overflow(elements, elementBytes(dtype->second), &bytes) ||
        static_cast<uint64_t>(bytes) > rest.size())
      throw Error("is cut short: storage " + key->text + " has " + std::to_string(elements) +
                  " elements, and only " + std::to_string(rest.size()) + " bytes follow. Get the file again");
    const uint64_t begin = file_->bytes().size() - rest.size();
    places_[key->text] = {begin, begin + static_cast<uint64_t>(bytes)};
    rest = rest.subspan(static_cast<size_t>(bytes));
  }
}

void TorchFile::checkStorages() {
  for (const StorageRecord& storage : pickle_.storages) {
    const auto place = places_.find(storage.key);
    if (place == places_.end())
      throw Error("can't be read: storage " + storage.key + " is missing. Get the file again");
    const uint64_t bytes = place->second.end - place->second.begin;
    const auto expected = static_cast<uint64_t>(storage.elements * elementBytes(storage.dtype));
    if (bytes != expected)
      throw Error("can't be read: storage " + storage.key + " should have " + std::to_string(expected) +
                  " bytes and has " + std::to_string(bytes) + ". Get the file again");
  }
  for (const TensorRecord& tensor : pickle_.tensors) {
    if (tensor.storage < 0) continue;
    Place& place = places_.at(pickle_.storages[static_cast<size_t>(tensor.storage)].key);
    place.alignment = std::max<uint64_t>(place.alignment, c10::elementSize(tensor.dtype));
    place.bools |= tensor.dtype == at::kBool;
  }
}

c10::Storage TorchFile::storage(const std::string& key) {
  const auto known = storages_.find(key);
  if (known != storages_.end()) return known->second;
  const Place place = places_.at(key);
  const Bytes bytes = file_->bytes().subspan(place.begin, place.end - place.begin);
  c10::Storage made;
  if (place.begin % place.alignment == 0 && !place.bools && !bytes.empty()) {
    auto* owner = new std::shared_ptr<const MappedFile>(file_);
    at::DataPtr data(
        const_cast<std::byte*>(bytes.data()), owner,
        [](void* p) { delete static_cast<std::shared_ptr<const MappedFile>*>(p); }, at::kCPU);
    made = c10::Storage(c10::Storage::use_byte_size_t(), bytes.size(), std::move(data), nullptr, false);
  } else {
    at::Tensor copy = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
    if (!bytes.empty()) std::memcpy(copy.data_ptr(), bytes.data(), bytes.size());
    // A bool other than 0 and 1 is undefined to everyone who reads it.
    if (place.bools) copy.clamp_max_(1);
    made = copy.storage();
  }
  return storages_.emplace(key, std::move(made)).first->second;
}

at::Tensor TorchFile::tensor(const NamedTensor& named) {
  const TensorRecord& wanted = record(named);
  at::Tensor tensor = at::empty({0}, at::TensorOptions().dtype(wanted.dtype));
  if (wanted.inlined) {
    tensor = at::empty_strided(wanted.size, wanted.stride, tensor.options());
    if (!wanted.inlined->empty())
      std::memcpy(tensor.data_ptr(), wanted.inlined->data(), wanted.inlined->size());
    return wanted.dtype == at::kBool ? tensor.view(at::kByte).ne(0) : tensor;
  }
  const StorageRecord& place = pickle_.storages[static_cast<size_t>(wanted.storage)];
  return tensor.set_(storage(place.key), wanted.offset, wanted.size, wanted.stride);
}

}  // namespace loom
