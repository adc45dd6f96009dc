#pragma once
// What one sees at first: the graphs that come with the program, each with a picture of what it makes, files
// that were open last, and what an editor that did not end in order left. One click opens.
#include <QAbstractButton>
#include <QGridLayout>
#include <QScrollArea>

#include "app/editor/session/session.h"

namespace loom::editor {

struct GalleryEntry {
  QString file, title, about, picture;  // picture: a file; empty: there is none
};

/// The graphs of a folder and of its folder train/, in the order in which they are shown. Files that can't be
/// read are left out.
std::vector<GalleryEntry> galleryEntries(const QString& folder);

/// One entry, as a button with a picture.
class GalleryCard : public QAbstractButton {
  Q_OBJECT
 public:
  GalleryCard(const QString& title, const QString& about, QImage picture, QWidget* parent = nullptr);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void enterEvent(QEnterEvent*) override { update(); }
  void leaveEvent(QEvent*) override { update(); }

 private:
  QString about_;
  QImage picture_;
};

class Gallery : public QScrollArea {
  Q_OBJECT
 public:
  explicit Gallery(Session& session, QWidget* parent = nullptr);
  void fill();  // anew, with what is recent and recoverable now

 Q_SIGNALS:
  void openAsked(const QString& file);
  void emptyAsked();
  void fileAsked();  // "Open a file…"
  void recoverAsked(const Session::Recoverable& what);
  void discardAsked(const Session::Recoverable& what);
  void closeAsked();

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QWidget* recovered(const Session::Recoverable& what);
  void arrange();
  Session& session_;
  std::vector<GalleryCard*> cards_;
  QGridLayout* grid_ = nullptr;
  int columns_ = 0;
};

}  // namespace loom::editor
