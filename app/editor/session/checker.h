#pragma once
// Has the worker check the document as it is edited: the newest wins, one at a time.
#include <QObject>

#include "app/editor/session/session.h"

namespace loom::editor {

class Checker : public QObject {
  Q_OBJECT
 public:
  struct Asked {
    std::string text;
    QString folder;
    std::vector<QString> allowed;
    QString device, dtype;
    int version = 0;  // of the document
  };

  explicit Checker(WorkerClient& worker, QObject* parent = nullptr);

  void check(Asked asked);
  void outdated(int version);  // the document is this one by now
  const Checked& checked() const { return checked_; }

 Q_SIGNALS:
  void changed();

 private:
  void next();
  void submitted(const nlohmann::json& answer);
  void came(Checked checked);
  void failed(const WorkerError& error);

  WorkerClient& worker_;
  Checked checked_;
  std::optional<Asked> waiting_, asked_;
  std::string graph_;  // the worker's name of it
  bool underWay_ = false;
  int version_ = 0, asking_ = 0;
};

Checked checkedFrom(const nlohmann::json& answer);

}  // namespace loom::editor
