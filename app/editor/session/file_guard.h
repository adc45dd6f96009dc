#pragma once
// The file that is edited: whether another editor has it open too, and whether somebody else changes it.
#include <QDateTime>
#include <QFileSystemWatcher>
#include <QLockFile>
#include <QObject>
#include <QTimer>
#include <memory>
#include <optional>

namespace loom::editor {

class FileGuard : public QObject {
  Q_OBJECT
 public:
  explicit FileGuard(const QString& dataFolder, QObject* parent = nullptr);
  ~FileGuard() override;

  /// From now on this one, as it is on disk now. Empty: none.
  void hold(const QString& file);
  QString elsewhere();  // who else has it open, in words; empty: nobody

 Q_SIGNALS:
  void changedOutside();

 private:
  void watch();
  void look();
  void heldHashCame(const QByteArray& hash);
  void noteTouched();  // what its time and size are now
  void keepWatching();
  bool untouched() const;

  const QString locks_;
  QString file_, elsewhere_;
  std::optional<QByteArray> known_;  // hash of what we know to be in it; while that is found: none
  int holding_ = 0;                  // counts hold()
  QDateTime changed_;                // its time and size then
  qint64 size_ = -1;
  std::unique_ptr<QLockFile> lock_;
  bool held_ = false;
  qint64 lookedAt_ = 0;
  QFileSystemWatcher watcher_;
  QTimer later_;
};

}  // namespace loom::editor
