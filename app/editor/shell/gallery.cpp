#include "app/editor/shell/gallery.h"

#include <QDir>
#include <QGridLayout>
#include <QImageReader>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QVBoxLayout>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/shell/graph_sketch.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/recent_files.h"
#include "app/editor/shell/widgets.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

constexpr int kCardWidth = 236, kMostCardWidth = 300, kCardHeight = 244, kPictureHeight = 150, kGap = 16,
              kMargin = 28;
constexpr int kMostShownRecent = 8;

QImage pictureOf(const GalleryEntry& entry, qreal ratio) {
  const QSize size(kMostCardWidth, kPictureHeight);  // as wide as a card may be
  if (!entry.picture.isEmpty()) {
    QImageReader reader(entry.picture);
    if (const QSize own = reader.size(); own.isValid()) {
      QImage image = reader.read();
      if (!image.isNull()) {
        image = image.scaled(size * ratio, Qt::KeepAspectRatioByExpanding, Qt::SmoothTransformation);
        image.setDevicePixelRatio(ratio);
        return image;
      }
    }
  }
  try {
    return graphSketch(readDocument(entry.file), size, ratio);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

std::vector<GalleryEntry> galleryEntries(const QString& folder) {
  std::vector<GalleryEntry> entries;
  for (const QString& place : {folder, folder + "/train"})
    for (const QFileInfo& file : QDir(place).entryInfoList({"*.loom"}, QDir::Files, QDir::Name)) try {
        const Document document = readDocument(file.absoluteFilePath());
        GalleryEntry entry;
        entry.file = file.absoluteFilePath();
        entry.title = QString::fromStdString(document.title);
        if (entry.title.isEmpty()) entry.title = file.completeBaseName();
        entry.about = QString::fromStdString(document.about);
        entry.picture = galleryPicture(entry.file);
        entries.push_back(entry);
      } catch (const Error&) {  // one that this program can't read is not offered
      }
  // What to begin with first; what has no picture last.
  const QStringList first{"ddpm", "ddim", "compare_steps", "compare_eta", "interpolate"};
  const auto rank = [&first](const GalleryEntry& entry) {
    const bool own = QFileInfo(entry.file).dir().dirName() != "train";
    const auto at = own ? first.indexOf(QFileInfo(entry.file).completeBaseName()) : -1;
    return std::make_pair(entry.picture.isEmpty(), at < 0 ? first.size() : at);
  };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const GalleryEntry& a, const GalleryEntry& b) { return rank(a) < rank(b); });
  return entries;
}

GalleryCard::GalleryCard(const QString& title, const QString& about, QImage picture, QWidget* parent)
    : QAbstractButton(parent), about_(about), picture_(std::move(picture)) {
  setText(title);
  setToolTip("<p>" + about.toHtmlEscaped() + "</p>");
  setAccessibleDescription(about);
  setCursor(Qt::PointingHandCursor);
  setFixedHeight(kCardHeight);
}

QSize GalleryCard::sizeHint() const { return {kCardWidth, kCardHeight}; }

void GalleryCard::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::current();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setRenderHint(QPainter::SmoothPixmapTransform);
  const bool hot = underMouse() || hasFocus();
  const QRectF whole = QRectF(rect()).adjusted(1, 1, -1, -1);
  QPainterPath shape;
  shape.addRoundedRect(whole, 9, 9);
  painter.fillPath(shape, isDown() ? theme.raised : theme.panel);
  painter.save();
  painter.setClipPath(shape);
  const QRectF top(whole.left(), whole.top(), whole.width(), kPictureHeight);
  painter.fillRect(top, theme.canvas);
  if (!picture_.isNull()) {
    const QSizeF size = picture_.deviceIndependentSize();
    painter.save();
    painter.setClipRect(top, Qt::IntersectClip);
    painter.drawImage(QPointF(top.center().x() - size.width() / 2, top.center().y() - size.height() / 2),
                      picture_);
    painter.restore();
  }
  painter.restore();
  painter.setPen(QPen(hot ? theme.accent : theme.border, hot ? 2 : 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawPath(shape);
  QRect words = rect().adjusted(12, kPictureHeight + 9, -12, -8);
  painter.setFont(titleFont(font(), 1.05));
  painter.setPen(theme.text);
  const QFontMetrics metrics(painter.font());
  painter.drawText(words, Qt::AlignTop | Qt::AlignLeft,
                   metrics.elidedText(text(), Qt::ElideRight, words.width()));
  words.setTop(words.top() + metrics.height() + 4);
  painter.setFont(font());
  painter.setPen(theme.dim);
  // As many whole lines as there is room for.
  const QFontMetrics small(font());
  const int lines = std::max(1, words.height() / small.lineSpacing());
  QString rest = about_;
  for (int line = 0; line < lines && !rest.isEmpty(); ++line) {
    QString part;
    if (line == lines - 1) {
      part = small.elidedText(rest, Qt::ElideRight, words.width());
      rest.clear();
    } else {
      qsizetype end = rest.size();
      while (end > 0 && small.horizontalAdvance(rest.left(end)) > words.width()) {
        const qsizetype space = rest.lastIndexOf(' ', end - 1);
        end = space > 0 ? space : end - 1;
      }
      part = rest.left(end);
      rest = rest.mid(end).trimmed();
    }
    painter.drawText(words.left(), words.top() + line * small.lineSpacing() + small.ascent(), part);
  }
}

Gallery::Gallery(Session& session, QWidget* parent) : QScrollArea(parent), session_(session) {
  setObjectName("gallery");
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFocusPolicy(Qt::StrongFocus);
  setAutoFillBackground(true);
}

QWidget* Gallery::recovered(const Session::Recoverable& what) {
  auto* bar = new QFrame;
  bar->setProperty("notice", true);
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

void Gallery::fill() {
  cards_.clear();
  auto* content = new QWidget;
  content->setObjectName("galleryContent");
  content->setStyleSheet(
      QString("QWidget#galleryContent { background: %1; }").arg(Theme::current().window.name()));
  auto* layout = new QVBoxLayout(content);
  layout->setContentsMargins(kMargin, 22, kMargin, kMargin);
  layout->setSpacing(14);
  for (const Session::Recoverable& what : session_.recoverable()) layout->addWidget(recovered(what));
  auto* top = new QHBoxLayout;
  QLabel* title = textLabel(tr("Pick a picture to begin with"));
  title->setFont(titleFont(font(), 1.6));
  top->addWidget(title, 1);
  QPushButton* empty = wordButton(tr("Empty canvas"), "galleryEmpty");
  QPushButton* open = wordButton(tr("Open a file…"), "galleryOpen");
  QPushButton* close = wordButton(tr("Close"), "galleryClose");
  connect(empty, &QPushButton::clicked, this, &Gallery::emptyAsked);
  connect(open, &QPushButton::clicked, this, &Gallery::fileAsked);
  connect(close, &QPushButton::clicked, this, &Gallery::closeAsked);
  top->addWidget(empty);
  top->addWidget(open);
  top->addWidget(close);
  layout->addLayout(top);
  layout->addWidget(
      dimLabel(tr("Each is a working graph. It opens with one click, Ctrl+Enter runs it, and you see "
                  "every step of how noise becomes a picture.")));
  grid_ = new QGridLayout;
  grid_->setSpacing(kGap);
  layout->addLayout(grid_);
  for (const GalleryEntry& entry : galleryEntries(graphsFolder())) {
    auto* card = new GalleryCard(entry.title, entry.about, pictureOf(entry, devicePixelRatioF()), content);
    card->setObjectName("card." + QFileInfo(entry.file).completeBaseName());
    connect(card, &QAbstractButton::clicked, this, [this, file = entry.file] { Q_EMIT openAsked(file); });
    cards_.push_back(card);
  }
  const QStringList recent = recentFiles(session_.settings()).mid(0, kMostShownRecent);
  if (!recent.isEmpty()) {
    layout->addSpacing(6);
    QLabel* heading = textLabel(tr("Recent files"));
    heading->setFont(titleFont(font()));
    layout->addWidget(heading);
    for (const QString& file : recent) {
      QPushButton* button =
          smallButton(QFileInfo(file).fileName() + "   —   " + QFileInfo(file).absolutePath(),
                      "recent." + QFileInfo(file).completeBaseName(), file);
      button->setProperty("flat", true);
      button->setEnabled(QFileInfo::exists(file));
      connect(button, &QPushButton::clicked, this, [this, file] { Q_EMIT openAsked(file); });
      layout->addWidget(button, 0, Qt::AlignLeft);
    }
  }
  layout->addStretch(1);
  setWidget(content);
  columns_ = 0;
  arrange();
}

void Gallery::arrange() {
  const int room = viewport()->width() - 2 * kMargin;
  const int columns = std::max(1, (room + kGap) / (kCardWidth + kGap));
  if (!grid_) return;
  const int width = std::clamp((room - kGap * (columns - 1)) / columns, kCardWidth, kMostCardWidth);
  for (GalleryCard* card : cards_) card->setFixedWidth(width);
  if (columns == columns_) return;
  for (int i = 0; i <= columns_; ++i) grid_->setColumnStretch(i, 0);
  columns_ = columns;
  for (size_t i = 0; i < cards_.size(); ++i)
    grid_->addWidget(cards_[i], static_cast<int>(i) / columns, static_cast<int>(i) % columns, Qt::AlignLeft);
  grid_->setColumnStretch(columns, 1);
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
