// The inspector's part that shows what a port held at the cursor's step.
#include <QPainter>
#include <cmath>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/inspector_parts.h"

namespace loom::editor {

constexpr int kBins = 64, kPictureSide = 190;
constexpr size_t kMostCounted = 1 << 18;  // of a large tensor each n-th value, so that nothing waits

/// How often which values stand in a tensor.
class HistogramView : public QWidget {
 public:
  explicit HistogramView(QWidget* parent = nullptr) : QWidget(parent) {
    setFixedHeight(62);
    setObjectName("inspectorHistogram");
  }
  void setValues(const ValuesPtr& values) {
    if (values == values_) return;
    values_ = values;
    bins_.assign(kBins, 0);
    float low = INFINITY, high = -INFINITY;
    if (values) {
      const size_t stride = std::max<size_t>(1, values->data.size() / kMostCounted);
      for (size_t i = 0; i < values->data.size(); i += stride)
        if (const float value = values->data[i]; std::isfinite(value))
          low = std::min(low, value), high = std::max(high, value);
      if (low < high)
        for (size_t i = 0; i < values->data.size(); i += stride)
          if (const float value = values->data[i]; std::isfinite(value))
            ++bins_[std::min(kBins - 1, static_cast<int>((value - low) / (high - low) * kBins))];
    }
    setVisible(low < high);
    setToolTip(tr("How often each value occurs, from %1 to %2").arg(numberText(low), numberText(high)));
    update();
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::current().accent);
    const int most = std::max(1, *std::max_element(bins_.begin(), bins_.end()));
    const double step = static_cast<double>(width()) / kBins;
    for (int i = 0; i < kBins; ++i) {
      const double high = std::ceil((height() - 2.0) * bins_[i] / most);
      painter.drawRect(QRectF(i * step, height() - high, std::max(1.0, step - 1), high));
    }
  }

 private:
  ValuesPtr values_;
  std::vector<int> bins_ = std::vector<int>(kBins);
};

ValueView::ValueView(Session& session, std::string id, QWidget* parent)
    : InspectorPart(session, parent),
      id_(std::move(id)),
      which_(headingLabel({})),
      picture_(new QLabel),
      numbers_(textLabel({})),
      histogram_(new HistogramView),
      watch_(
          smallButton({}, "inspectorWatch", tr("Its pictures of every step in the timeline, or no longer"))) {
  picture_->setObjectName("inspectorPicture");
  picture_->setAlignment(Qt::AlignLeft);
  numbers_->setObjectName("inspectorNumbers");
  numbers_->setTextFormat(Qt::RichText);
  numbers_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  column()->addWidget(which_);
  column()->addWidget(picture_);
  column()->addWidget(numbers_);
  column()->addWidget(histogram_);
  column()->addWidget(watch_, 0, Qt::AlignLeft);
  histogram_->hide();
  connect(watch_, &QPushButton::clicked, this, [this] {
    const std::string port = workerPort(session_, this->port());
    if (port.empty()) return;
    session_.edit(tr("Watch %1").arg(QString::fromStdString(port)), [&](const Document& document) {
      const std::vector<std::string> now = watchedPorts(document, session_.catalog());
      const bool watched = std::find(now.begin(), now.end(), port) != now.end();
      return withWatched(document, session_.catalog(), {port}, !watched);
    });
  });
}

// The selected one where it is this node's; else the first of which there is a picture, or numbers.
std::string ValueView::port() const {
  const std::string& selected = session_.selection().port;
  const std::string own = workerNode(session_, id_);
  if (selected.starts_with(own + ".") || selected.starts_with(own + ":"))
    return selected.substr(session_.path().size());
  const Node* node = findNode(graphAt(session_.document(), session_.place()), id_);
  if (!node) return {};
  const Face face = faceOf(session_.document(), session_.place(), *node, session_.catalog());
  std::string first;
  for (const auto* sockets : {&face.outputs, &face.bodyOutputs})
    for (const Socket& socket : *sockets) {
      if (socket.adds) continue;
      const std::string port = id_ + "." + socket.slot;
      if (first.empty()) first = port;
      if (session_.pictureOf(port)) return port;
    }
  return first;
}

void ValueView::refreshValues() {
  const std::string port = this->port();
  setVisible(!port.empty());
  if (port.empty()) return;
  const auto watched = watchedPorts(session_.document(), session_.catalog());
  const std::string path = workerPort(session_, port);
  const bool isWatched = std::find(watched.begin(), watched.end(), path) != watched.end();
  watch_->setText(isWatched ? tr("Take off the timeline") : tr("Show on the timeline"));
  const PicturePtr picture = session_.pictureOf(port);
  if ((picture ? picture->id : 0) != shown_) {
    shown_ = picture ? picture->id : 0;
    picture_->setPixmap(picture ? pixmapOf(imageOf(*picture), kPictureSide, devicePixelRatioF()) : QPixmap());
  }
  picture_->setVisible(picture != nullptr);
  showStatistics(port);
}

void ValueView::showStatistics(const std::string& port) {
  const auto run = session_.shownRun();
  QString where = QString::fromStdString(port);
  const std::string path = workerPort(session_, port);
  std::vector<std::pair<QString, QString>> rows;
  ValuesPtr values;
  if (run) {
    const auto statistics = session_.frames().statistics(run->id, path);
    const auto iterations = session_.frames().iterations(run->id, path);
    Iteration at = session_.cursor().live ? Iteration{} : session_.cursor().iteration;
    if (at.empty() && !iterations.empty()) at = iterations.back();
    if (const auto nearest = session_.frames().nearest(run->id, path, at); nearest && !iterations.empty())
      at = *nearest;
    if (!at.empty()) {
      QStringList steps;
      for (const int64_t index : at) steps << QString::number(index + 1);
      where += tr(" @ step %1").arg(steps.join('.'));
    }
    // While it runs each step's numbers would have to be fetched whole: the statistics do.
    const bool moving = run->state == RunInfo::State::running && session_.cursor().live;
    const bool known = std::find(iterations.begin(), iterations.end(), at) != iterations.end();
    if (!moving && known) values = session_.frames().values(run->id, path, at);
    if (values) {
      QStringList sizes;
      for (const int64_t size : values->shape) sizes << QString::number(size);
      rows.emplace_back(tr("shape"), sizes.join(" × ") + "  " + QString::fromStdString(values->dtype));
    }
    for (const StatisticsRow& row : statistics) {
      if (!at.empty() && row.iteration != at) continue;
      rows.emplace_back(tr("min … max"), numberText(row.min) + " … " + numberText(row.max));
      rows.emplace_back(tr("mean, std"), numberText(row.mean) + ", " + numberText(row.std));
      rows.emplace_back(tr("norm"), numberText(row.norm));
      rows.emplace_back(tr("NaN, Inf"), QString("%1, %2").arg(row.nan).arg(row.inf));
      break;
    }
  }
  if (rows.empty()) {
    const auto found = session_.checked().ports.find(path);
    if (found != session_.checked().ports.end())
      rows.emplace_back(tr("will be"), QString::fromStdString(found->second));
  }
  which_->setText(where);
  QString text = "<table width='100%' cellspacing='0' cellpadding='1'>";
  for (const auto& [name, value] : rows)
    text +=
        QString(
            "<tr><td style='color:%1'>%2</td><td align='right' style=\"font-family:'JetBrains Mono'\">%3</td>"
            "</tr>")
            .arg(Theme::current().dim.name(), name.toHtmlEscaped(), value.toHtmlEscaped());
  numbers_->setText(rows.empty() ? QString() : text + "</table>");
  numbers_->setVisible(!rows.empty());
  histogram_->setValues(values);
}

}  // namespace loom::editor
