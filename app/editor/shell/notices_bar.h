#pragma once
// Lines that say what has happened and offer what can be done about it. They lie over the top of the canvas,
// which stays as it is under them: what one works on never moves because something is said. One line a
// subject, a newer one replaces it; what went wrong stands first, then the newest. Those for which there is
// no room wait, and a last line says how many they are.
#include <QLabel>
#include <QVBoxLayout>
#include <QWidget>
#include <functional>
#include <vector>

namespace loom::editor {

struct Notice {
  QString id;  // its subject: "worker", "file"
  QString text;
  bool bad = false;
  std::vector<std::pair<QString, std::function<void()>>> buttons = {};  // each closes it
  bool dismissable = true;
  int forMs = 0;  // 0: until it is dismissed or removed
};

class NoticesBar : public QWidget {
  Q_OBJECT
 public:
  explicit NoticesBar(QWidget* parent);
  void show(const Notice& notice);
  void remove(const QString& id);
  bool shows(const QString& id) const;
  /// Of the parent, what it may lie over, and at which edge: Qt::AlignTop; or Qt::AlignBottom, where only
  /// what is said from then on is seen.
  void stayIn(const QRect& area, Qt::Alignment edge);

 Q_SIGNALS:
  void left();  // it had the keyboard, and has nothing any more that takes it

 protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  struct Bar {
    QString id;
    bool bad;
    QFrame* frame;
    QPushButton* close;  // null: only what it offers closes it
    int number;          // in the order in which they came
  };
  QFrame* frameOf(const Notice& notice, QPushButton*& close);
  void goAfter(const Notice& notice, QFrame* frame);
  void arrange();
  int widestOf(const QFrame* frame) const;
  bool hasKeyboard() const;
  void passKeyboard();

  std::vector<Bar> bars_;     // from top to bottom
  int count_ = 0, from_ = 0;  // that came; the first that is seen
  QVBoxLayout* layout_;
  QLabel* more_;
  QRect area_;
  Qt::Alignment edge_ = Qt::AlignTop;
};

}  // namespace loom::editor
