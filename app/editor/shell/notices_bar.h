#pragma once
// Lines above the canvas that say what has happened and offer what can be done about it. One line a subject;
// a newer one replaces it.
#include <QVBoxLayout>
#include <QWidget>
#include <functional>
#include <map>
#include <vector>

namespace loom::editor {

struct Notice {
  QString id;  // its subject: "worker", "file"
  QString text;
  bool bad = false;
  std::vector<std::pair<QString, std::function<void()>>> buttons = {};  // each closes it
  bool dismissable = true;
  int forMs = 0;  // 0: until it is dismissed or removed
  std::function<void()> dismissed = {};
};

class NoticesBar : public QWidget {
  Q_OBJECT
 public:
  explicit NoticesBar(QWidget* parent = nullptr);
  void show(const Notice& notice);
  using QWidget::show;
  void remove(const QString& id);
  bool shows(const QString& id) const { return bars_.count(id) > 0; }

 private:
  std::map<QString, QWidget*> bars_;
  QVBoxLayout* layout_;
};

}  // namespace loom::editor
