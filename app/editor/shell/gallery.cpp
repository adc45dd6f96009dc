#include "app/editor/shell/gallery.h"

#include <QDateTime>
#include <QDir>
#include <QHBoxLayout>
#include <QImageReader>
#include <QKeyEvent>
#include <QPointer>
#include <QScrollBar>
#include <cmath>
#include <map>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/shell/graph_sketch.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/recent_files.h"
#include "app/editor/shell/widgets.h"
#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

constexpr int kLeastCard = 262, kLeastRecent = 190, kMostColumns = 4, kMostRecentColumns = 6;
constexpr int kMostShownRecent = 12;
constexpr double kDesigned = 17;                  // the height of a line of text that all this is made for
constexpr double kMostStretch = 0.25;             // of a card's width, that its picture becomes taller
constexpr QSize kPicture(960, 640);               // more is not kept of one
constexpr qint64 kMostPixels = qint64{64} << 20;  // of a picture that is read

// Of a stranger's file, perhaps: its size is looked at before it is read. Not on the GUI thread.
QImage pictureOf(const QString& picture, const QString& graph, const Theme& theme) {
  if (!picture.isEmpty()) {
    QImageReader reader(picture);
    const QSize own = reader.size();
    if (own.isValid() && qint64{own.width()} * own.height() <= kMostPixels)
      if (const QImage image = reader.read(); !image.isNull()) {
        const bool large = own.width() > kPicture.width() && own.height() > kPicture.height();
        return large ? image.scaled(kPicture, Qt::KeepAspectRatioByExpanding, Qt::SmoothTransformation)
                     : image;
      }
  }
  try {
    return graphSketch(readDocument(graph), kPicture / 2, 2, theme);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

Gallery::Gallery(Session& session, QWidget* parent) : QScrollArea(parent), session_(session) {
  setObjectName("gallery");
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFocusPolicy(Qt::StrongFocus);
  setAutoFillBackground(true);
}

QWidget* Gallery::recovered(const Session::Recoverable& what) {
  auto* bar = new QFrame;
  bar->setProperty("notice", "plain");
  bar->setObjectName("recovered");
  auto* layout = new QHBoxLayout(bar);
  layout->setContentsMargins(14, 8, 10, 8);
  const QString name = !what.title.isEmpty()  ? what.title
                       : !what.file.isEmpty() ? QFileInfo(what.file).fileName()
                                              : tr("a graph that was never saved");
  layout->addWidget(textLabel(tr("Noiseloom did not end in order: %1, as it was on %2")
                                  .arg(name, what.when.toString("d MMMM, HH:mm"))),
                    1);
  QPushButton* recover = wordButton(tr("Recover"), "recover");
  recover->setProperty("primary", true);
  QPushButton* discard = wordButton(tr("Discard"), "discard");
  connect(recover, &QPushButton::clicked, this, [this, what] { Q_EMIT recoverAsked(what); });
  connect(discard, &QPushButton::clicked, this, [this, what] { Q_EMIT discardAsked(what); });
  layout->addWidget(recover);
  layout->addWidget(discard);
  return bar;
}

QWidget* Gallery::head() {
  auto* head = new QWidget;
  auto* layout = new QHBoxLayout(head);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* words = new QVBoxLayout;
  words->setSpacing(2);
  QLabel* title = textLabel(tr("Pick a picture to begin with"));
  title->setFont(titleFont(font(), 1.7));
  words->addWidget(title);
  words->addWidget(
      dimLabel(tr("Each is a working graph: open it, press Ctrl+Enter, and watch noise become a picture, "
                  "step by step.")));
  layout->addLayout(words, 1);
  QPushButton* open = wordButton(tr("Open a file…"), "galleryOpen");
  QPushButton* close = wordButton(tr("Close"), "galleryClose");
  connect(open, &QPushButton::clicked, this, &Gallery::fileAsked);
  connect(close, &QPushButton::clicked, this, &Gallery::closeAsked);
  open->installEventFilter(this);
  close->installEventFilter(this);
  layout->addWidget(open, 0, Qt::AlignTop);
  layout->addWidget(close, 0, Qt::AlignTop);
  return head;
}

Gallery::Section& Gallery::section(const QString& title, QWidget* content) {
  for (const auto& each : sections_)
    if (each->heading->text() == title) return *each;
  QLabel* heading = headingLabel(title, content);
  heading->setFont(titleFont(font(), 1.1));
  heading->setWordWrap(false);
  sections_.push_back(std::make_unique<Section>(Section{heading, {}}));
  return *sections_.back();
}

GalleryCard* Gallery::addCard(Section& section, GalleryCard* card) {
  connect(card, &GalleryCard::arrowPressed, this, [this, card](int key) { walk(card, key); });
  connect(card, &GalleryCard::focused, this,
          [this, card] { ensureWidgetVisible(card, 0, headingHeight() + 10); });
  section.cards.push_back(card);
  return card;
}

void Gallery::addShipped(QWidget* content) {
  for (const GalleryEntry& entry : galleryEntries(graphsFolder())) {
    auto* card = new GalleryCard(GalleryCard::Look::graph, entry.title, entry.about, content);
    card->setObjectName("card." + QFileInfo(entry.file).completeBaseName());
    connect(card, &QAbstractButton::clicked, this, [this, file = entry.file] { Q_EMIT openAsked(file); });
    addCard(section(entry.section, content), card);
    inBackground(
        card, [entry, theme = Theme::current()] { return pictureOf(entry.picture, entry.file, theme); },
        [card](const QImage& picture) { card->setPicture(picture); });
  }
  auto* empty = new GalleryCard(
      GalleryCard::Look::empty, tr("Empty canvas"),
      tr("Wire a pipeline of your own. Tab on the canvas adds a node; drag from port to port to link them."),
      content);
  empty->setObjectName("galleryEmpty");
  connect(empty, &QAbstractButton::clicked, this, &Gallery::emptyAsked);
  addCard(section(tr("From nothing"), content), empty);
}

// Pictures of recent files: of a .png itself, of a graph what it made last, else a sketch of it.
void Gallery::addRecent(QWidget* content) {
  const QStringList files = recentFiles(session_.settings()).mid(0, kMostShownRecent);
  hasRecent_ = !files.isEmpty();
  for (const QString& file : files) {
    const QFileInfo info(file);
    const bool there = info.exists();
    auto* card = new GalleryCard(
        GalleryCard::Look::recent, info.fileName(),
        there ? QDir::toNativeSeparators(info.absolutePath()) : tr("is no longer there"), content);
    card->setObjectName("recent." + info.completeBaseName());
    card->setToolTip(file);
    card->setEnabled(there);
    connect(card, &QAbstractButton::clicked, this, [this, file] { Q_EMIT openAsked(file); });
    addCard(section(tr("Recent files"), content), card);
    if (!there) continue;
    const bool png = info.suffix().compare("png", Qt::CaseInsensitive) == 0;
    const auto& runs = session_.runs().all();
    const auto made = std::find_if(runs.rbegin(), runs.rend(),
                                   [&file](const auto& run) { return run->file == file && run->thumbnail; });
    if (!png && made != runs.rend()) {
      card->setPicture(imageOf(*(*made)->thumbnail));
      continue;
    }
    inBackground(
        card,
        [png, file, theme = Theme::current()] { return pictureOf(png ? file : QString(), file, theme); },
        [card](const QImage& picture) { card->setPicture(picture); });
  }
}

void Gallery::fill() {
  sections_.clear();
  above_.clear();
  auto* content = new QWidget;
  content->setObjectName("galleryContent");
  // All of it, under the scroll bar too: what lies behind must not be seen through it.
  setStyleSheet(QString("QScrollArea#gallery, QWidget#galleryContent { background: %1; }")
                    .arg(Theme::current().window.name()));
  for (const Session::Recoverable& what : session_.recoverable()) above_.push_back(recovered(what));
  above_.push_back(head());
  for (QWidget* each : above_) each->setParent(content);
  addShipped(content);
  addRecent(content);
  setWidget(content);
  arrange();
}

void Gallery::takeFocus() {
  QPushButton* recover = widget() ? widget()->findChild<QPushButton*>("recover") : nullptr;
  if (recover)
    recover->setFocus();
  else if (!sections_.empty())
    sections_.front()->cards.front()->setFocus();
  else
    setFocus();
}

int Gallery::headingHeight() const { return std::max(30, fontMetrics().height() * 9 / 5); }

// One grid for all of them, in which each section's heading stands over its first card. Gives where it ends.
int Gallery::place(const std::vector<const Section*>& sections, int top, int columns, int width, int gap) {
  std::map<int, int> heights;  // of each row: as tall as its longest text wants
  int at = 0;
  for (const Section* section : sections)
    for (const GalleryCard* card : section->cards) {
      int& height = heights[at++ / columns];
      height = std::max(height, card->pictureHeight(width) + card->textHeight(width));
    }
  const int margin = above_.back()->x(), heading = headingHeight();
  int y = top;
  at = 0;
  for (const Section* section : sections) {
    bool first = true;
    for (GalleryCard* card : section->cards) {
      const int x = margin + at % columns * (width + gap);
      if (at && at % columns == 0) y += heights[at / columns - 1] + heading + gap;
      if (first) section->heading->setGeometry(x + 2, y, width, heading - 4);
      card->setGeometry(x, y + heading, width, heights[at / columns]);
      first = false;
      ++at;
    }
  }
  return y + heading + (heights.empty() ? 0 : heights.rbegin()->second);
}

void Gallery::arrange() {
  if (!widget() || above_.empty()) return;
  // The scroll bar's width is left out whether or not it is there: it can't come and go by turns.
  const int whole = width() - verticalScrollBar()->sizeHint().width();
  const int margin = std::max(24, whole * 3 / 100), room = whole - 2 * margin;
  const int gap = whole > 1800 ? 24 : 16;
  int top = whole > 1800 ? 36 : 18;
  for (QWidget* each : above_) {
    const int height = each->layout()->hasHeightForWidth() ? each->layout()->heightForWidth(room)
                                                           : each->sizeHint().height();
    each->setGeometry(margin, top, room, height);
    top += height + gap / 2;
  }
  top += gap / 2;
  const double larger = std::max(1., fontMetrics().height() / kDesigned);
  const auto columnsOf = [&](int least, int most) {
    return std::clamp((room + gap) / (static_cast<int>(least * larger) + gap), 1, most);
  };
  const auto widthOf = [&](int columns) { return (room - gap * (columns - 1)) / columns; };
  std::vector<const Section*> shipped, recent;
  for (const auto& each : sections_)
    (hasRecent_ && each == sections_.back() ? recent : shipped).push_back(each.get());
  const int columns = columnsOf(kLeastCard, kMostColumns), more = columnsOf(kLeastRecent, kMostRecentColumns);
  const auto placeAll = [&](int taller) {
    int cards = 0;
    for (const Section* section : shipped)
      for (GalleryCard* card : section->cards) card->stretchPicture(taller), ++cards;
    int bottom = place(shipped, top, columns, widthOf(columns), gap) + gap;
    if (!recent.empty()) bottom = place(recent, bottom, more, widthOf(more), gap) + gap;
    return std::pair(bottom + gap / 2, (cards + columns - 1) / columns);
  };
  // A large window is filled with larger pictures.
  auto [bottom, rows] = placeAll(0);
  const int spare = height() - bottom;
  if (spare > 0 && rows > 0)
    bottom = placeAll(std::min(spare / rows, static_cast<int>(widthOf(columns) * kMostStretch))).first;
  widget()->setMinimumHeight(bottom);
}

// To the nearest card in an arrow's direction; up from the first row to the buttons above.
void Gallery::walk(const GalleryCard* from, int key) {
  std::vector<GalleryCard*> cards;
  for (const auto& section : sections_)
    for (GalleryCard* card : section->cards)
      if (card->isEnabled()) cards.push_back(card);
  if (cards.empty()) return;
  if (key == Qt::Key_Home) return cards.front()->setFocus();
  if (key == Qt::Key_End) return cards.back()->setFocus();
  const auto at = std::find(cards.begin(), cards.end(), from);
  if (key == Qt::Key_Left || key == Qt::Key_Right) {  // in the order of reading
    if (key == Qt::Key_Left && at != cards.begin()) (*(at - 1))->setFocus();
    if (key == Qt::Key_Right && at + 1 != cards.end()) (*(at + 1))->setFocus();
    return;
  }
  GalleryCard* best = nullptr;
  int least = 0;
  for (GalleryCard* card : cards) {
    const QPoint by = card->geometry().center() - from->geometry().center();
    const int ahead = key == Qt::Key_Down ? by.y() : -by.y();
    if (ahead < from->height() / 2) continue;
    const int cost = ahead * 4 + std::abs(by.x());
    if (!best || cost < least) best = card, least = cost;
  }
  if (best) return best->setFocus();
  if (key == Qt::Key_Up) {
    verticalScrollBar()->setValue(0);
    above_.back()->findChild<QPushButton*>("galleryOpen")->setFocus();
  }
}

// From the buttons above, which would take the arrow for one to their neighbours.
bool Gallery::eventFilter(QObject* watched, QEvent* event) {
  const bool down =
      event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Down;
  if (!down || !qobject_cast<QPushButton*>(watched) || sections_.empty())
    return QScrollArea::eventFilter(watched, event);
  sections_.front()->cards.front()->setFocus();
  return true;
}

void Gallery::resizeEvent(QResizeEvent* event) {
  QScrollArea::resizeEvent(event);
  arrange();
}

void Gallery::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape)
    Q_EMIT closeAsked();
  else
    QScrollArea::keyPressEvent(event);
}

}  // namespace loom::editor
