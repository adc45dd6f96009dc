#pragma once
// This editor among those that share a data folder: a name of its own, with a lock that goes when the process
// does, however it ends. What an editor leaves behind carries its name; who finds it can tell whether it
// still lives, and take it over.
#include <QLockFile>
#include <QString>
#include <memory>

namespace loom::editor {

class Presence {
 public:
  /// Makes the folder.
  explicit Presence(const QString& dataFolder);
  ~Presence();

  const QString& dataFolder() const { return dataFolder_; }
  const QString& name() const { return name_; }
  bool alive(const QString& name) const;
  /// The lock of an editor that is gone; null where it lives, or another one is at it.
  std::unique_ptr<QLockFile> takeOver(const QString& name) const;

 private:
  QString fileOf(const QString& name) const;
  QString dataFolder_, name_;
  std::unique_ptr<QLockFile> lock_;
};

/// Written beside and put in place in one go: whoever reads sees the old or the new. False where it fails.
/// Does not wait for the disk: what is written outlives this process, not a power cut.
bool writeWhole(const QString& file, const QByteArray& bytes);
/// Empty where there is none, or more than `most`.
QByteArray readBounded(const QString& file, qint64 most);

}  // namespace loom::editor
