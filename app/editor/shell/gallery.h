#pragma once
// What one sees at first: the graphs that come with the program, each with a picture of what it makes, files
// that were open last, and what an editor that did not end in order left. One click opens; arrows and Enter
// do too.
#include <QLabel>
#include <QScrollArea>

#include "app/editor/session/session.h"
#include "app/editor/shell/gallery_card.h"
#include "app/editor/shell/gallery_entries.h"

namespace loom::editor {

class Gallery : public QScrollArea {
  Q_OBJECT
 public:
  explicit Gallery(Session& session, QWidget* parent = nullptr);
  void fill();       // anew, with what is recent and recoverable now
  void takeFocus();  // the keyboard begins at the first card

 Q_SIGNALS:
  void openAsked(const QString& file);
  void emptyAsked();
  void fileAsked();  // "Open a file…"
  void recoverAsked(const Session::Recoverable& what);
  void discardAsked(const Session::Recoverable& what);
  void closeAsked();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  struct Section {
    QLabel* heading;
    std::vector<GalleryCard*> cards;
  };
  QWidget* recovered(const Session::Recoverable& what);
  QWidget* head();
  void addShipped(QWidget* content);
  void addRecent(QWidget* content);
  GalleryCard* addCard(Section& section, GalleryCard* card);
  Section& section(const QString& title, QWidget* content);
  void arrange();
  int headingHeight() const;
  int place(const std::vector<const Section*>& sections, int top, int columns, int width, int gap);
  void walk(const GalleryCard* from, int key);

  Session& session_;
  std::vector<std::unique_ptr<Section>> sections_;  // the last: recent files, where there are some
  bool hasRecent_ = false;
  std::vector<QWidget*> above_;  // what lies over the cards, from the top
};

}  // namespace loom::editor
