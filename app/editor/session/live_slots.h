#pragma once
// The newest pictures of running runs, read from the memory that the worker shares.
#include <QString>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/editor/session/picture.h"

namespace loom {
class SharedFramesReader;
}

namespace loom::editor {

class LiveSlots {
 public:
  LiveSlots();
  ~LiveSlots();

  struct Live {
    PicturePtr picture;
    Iteration iteration;
    uint64_t generation = 0;
  };
  /// What is newer than that generation in the slot, empty where there is nothing. `like`: its range and how
  /// it is shown.
  std::optional<Live> read(const QString& run, const std::string& port, const std::string& slot,
                           uint64_t after, const Picture& like);
  void close(const QString& run);
  void closeAll();

 private:
  struct Open {
    std::string slot;
    std::unique_ptr<SharedFramesReader> reader;
  };
  std::map<std::pair<QString, std::string>, Open> open_;
};

}  // namespace loom::editor
