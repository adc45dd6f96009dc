#pragma once
// The picture that a batch made of all its jobs, in a window of its own: all of it, or pixel for pixel.
#include <QDialog>
#include <QImage>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>

namespace loom::editor {

/// A stranger's graph may make it as large as it likes: looked at before it is read. Null where it is larger
/// than can be shown. Never enlarged. Not on the GUI thread.
QImage readGrid(const QString& file, int mostWide = 0);

class GridDialog : public QDialog {
  Q_OBJECT
 public:
  GridDialog(const QString& file, QWidget* parent);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void showPicture();
  QImage image_;
  QScrollArea* scroll_;
  QLabel* picture_;
  QPushButton* whole_;  // checked: as much of it as there is room for
};

}  // namespace loom::editor
