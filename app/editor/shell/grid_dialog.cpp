#include "app/editor/shell/grid_dialog.h"

#include <QDialogButtonBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QImageReader>
#include <QVBoxLayout>

#include "app/editor/shell/widgets.h"
#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

constexpr qint64 kMostGridBytes = 256 << 20;
constexpr double kOfTheWindow = 0.85;

}  // namespace

QImage readGrid(const QString& file, int mostWide) {
  QImageReader reader(file);
  const QSize size = reader.size();
  if (!size.isValid() || qint64{4} * size.width() * size.height() > kMostGridBytes) return {};
  if (mostWide > 0 && size.width() > mostWide)
    reader.setScaledSize(size.scaled(mostWide, 1 << 20, Qt::KeepAspectRatio));
  return reader.read();
}

GridDialog::GridDialog(const QString& file, QWidget* parent)
    : QDialog(parent),
      scroll_(new QScrollArea),
      picture_(new QLabel(tr("Reading…"))),
      whole_(wordButton(tr("Fit the window"), "gridWhole")) {
  setObjectName("gridDialog");
  setWindowTitle(QFileInfo(file).fileName());
  resize(parent->window()->size() * kOfTheWindow);
  picture_->setObjectName("gridLarge");
  picture_->setAlignment(Qt::AlignCenter);
  scroll_->setWidgetResizable(true);
  scroll_->setWidget(picture_);
  whole_->setCheckable(true);
  whole_->setChecked(true);
  whole_->setToolTip(tr("All of it at once; else pixel for pixel"));
  whole_->setEnabled(false);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* row = new QHBoxLayout;
  row->addWidget(whole_);
  row->addStretch(1);
  row->addWidget(buttons);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(scroll_, 1);
  layout->addLayout(row);
  connect(whole_, &QPushButton::toggled, this, &GridDialog::showPicture);
  inBackground(
      this, [file] { return readGrid(file); },
      [this](const QImage& image) {
        if (image.isNull()) return picture_->setText(tr("This picture can't be read."));
        image_ = image;
        whole_->setEnabled(true);
        showPicture();
      });
}

void GridDialog::showPicture() {
  if (image_.isNull()) return;
  QImage shown = image_;
  const qreal ratio = devicePixelRatioF();
  const QSize room = scroll_->viewport()->size() * ratio;
  if (whole_->isChecked() && (shown.width() > room.width() || shown.height() > room.height()))
    shown = shown.scaled(room, Qt::KeepAspectRatio, Qt::SmoothTransformation);
  shown.setDevicePixelRatio(ratio);
  picture_->setPixmap(QPixmap::fromImage(shown));
}

void GridDialog::resizeEvent(QResizeEvent* event) {
  QDialog::resizeEvent(event);
  if (whole_->isChecked()) showPicture();
}

}  // namespace loom::editor
