#pragma once
// One entry of the gallery: a picture, a name and what it is about, as one button as wide as its place.
#include <QAbstractButton>
#include <QImage>
#include <QPixmap>

namespace loom::editor {

class GalleryCard : public QAbstractButton {
  Q_OBJECT
 public:
  enum class Look { graph, recent, empty };  // empty: an invitation to begin with nothing, without a picture
  GalleryCard(Look look, const QString& title, const QString& about, QWidget* parent = nullptr);

  void setPicture(const QImage& picture);  // comes when it is read
  bool hasPicture() const { return !picture_.isNull(); }
  const QString& about() const { return about_; }
  /// How tall it is at a width: its picture, its name, and as many lines as the text takes, within reason.
  int textHeight(int width) const;
  QStringList lines(int width) const;  // of what it is about, as they are shown
  int pictureHeight(int width) const;
  void stretchPicture(int by) { stretch_ = by; }  // pixels; it is cut to what it then fills

 Q_SIGNALS:
  void arrowPressed(int key);
  void focused();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void enterEvent(QEnterEvent*) override { update(); }
  void leaveEvent(QEvent*) override { update(); }

 private:
  QFont titleFontAt(int width) const;
  QFont textFontAt(int width) const;
  void paintPicture(QPainter& painter, const QRectF& top);
  Look look_;
  QString about_;
  QImage picture_;
  int stretch_ = 0;
  QPixmap scaled_;  // the picture as large as it is shown
};

}  // namespace loom::editor
