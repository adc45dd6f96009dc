#pragma once
// A folder of its own for one test, and small ways to put bytes into it.
#include <QTemporaryDir>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/core/error.h"

namespace loom::test {

struct Scratch {
  QTemporaryDir folder;
  std::filesystem::path path(const std::string& name) const {
    return std::filesystem::path(folder.path().toStdString()) / name;
  }
  std::filesystem::path put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  size_t count() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder.path().toStdString()), {}));
  }
};

inline std::string bytesOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::filesystem::path data(const std::string& name) {
  return std::filesystem::path(NOISELOOM_SOURCE_DIR) / "tests/data/container" / name;
}

/// "port: message" of the Error that `action` throws; empty when it throws none.
template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return (error.port.empty() ? "" : error.port + ": ") + error.what();
  }
  return {};
}

/// The bytes of a little-endian number.
template <class T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace loom::test

/// Fails the test unless `action` is refused with a message that holds `part`.
#define QVERIFY_REFUSED(action, part)                                             \
  do {                                                                            \
    const std::string loomMessage = loom::test::refusal([&] { (void)(action); }); \
    QVERIFY2(loomMessage.find(part) != std::string::npos,                         \
             loomMessage.empty() ? "not refused" : loomMessage.c_str());          \
  } while (false)
