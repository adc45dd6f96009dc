#pragma once
// A field in the upper middle of the window with a list under it, in which a few letters find what is meant:
// all keys are its own while it is open, Enter chooses, Escape gives the keyboard back.
#include <QFrame>
#include <QLineEdit>
#include <QListWidget>
#include <QPointer>
#include <functional>
#include <vector>

namespace loom::editor {

class PickList : public QFrame {
  Q_OBJECT
 public:
  struct Item {
    QString title, smallPrint = {}, atEnd = {}, help = {};
    QColor dot = {};
    bool enabled = true;
    std::function<void()> choose = {};
  };
  /// Its field is called `name`Field, its list `name`List.
  PickList(const QString& name, QWidget* window);

 protected:
  virtual std::vector<Item> itemsFor(const QString& query) = 0;  // the best first
  void openList(const QString& placeholder);
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void chooseCurrent();
  void closeList();

  QLineEdit* field_;
  QListWidget* list_;
  std::vector<Item> items_;
  QPointer<QWidget> before_;  // what had the focus
};

}  // namespace loom::editor
