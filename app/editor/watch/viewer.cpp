#include "app/editor/watch/viewer.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPainter>
#include <QSaveFile>
#include <algorithm>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/save_dialog.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/npy.h"
#include "app/editor/watch/pixel_view.h"
#include "app/editor/watch/selected_wires.h"
#include "app/editor/watch/viewer_content.h"
#include "app/editor/watch/viewer_numbers.h"
#include "app/editor/watch/viewer_tools.h"

namespace loom::editor {
namespace {

constexpr float kNumbersWidth = 236, kLeastPicture = 130, kStatus = 34;
constexpr float kPicturePart = 0.55f;  // of the height, where numbers stand below

QImage imageOf(const PicturePtr& picture) {
  if (!picture || picture->rgba.empty()) return {};
  return QImage(picture->rgba.data(), picture->width, picture->height, picture->width * 4,
                QImage::Format_RGBA8888)
      .copy();
}

}  // namespace

class Viewer::Implementation : public QObject {
 public:
  Implementation(Session& session, ImGuiWidget& host)
      : session_(session), host_(host), reels_(session), content_(session, reels_), view_(host) {
    connect(&reels_, &Reels::changed, this, [this] { host_.redraw(); });
    connect(&content_, &ViewerContent::changed, this, [this] { host_.redraw(); });
    connect(&session, &Session::selectionChanged, this, [this] {
      // What is selected is what one wants to see, until a port is chosen here again.
      if (!session_.selection().port.empty()) choice_.port.clear();
      host_.redraw();
    });
  }

  void draw(ImVec2 at, ImVec2 size);
  void pinStep();
  /// Writes what is shown now; may be called on any thread.
  FileWriter writerOf(const QString& file);
  QImage image();
  void askFile();
  void changed() { host_.redraw(); }

  Session& session_;
  ImGuiWidget& host_;
  Reels reels_;
  ViewerContent content_;
  PixelView view_;
  ViewerChoice choice_;
  SelectedWires watched_{session_, reels_};

 private:
  void drawBody(ImVec2 at, ImVec2 size);
  void drawPicture(ImVec2 at, ImVec2 size);
  void drawStatus(ImVec2 at, float width);
  void drawTrouble(ImVec2 at, ImVec2 size);
  PixelView::Layer layerOf(const ViewerSide& side, const QColor& colour) const;
  std::optional<PixelView::Hovered> hovered_;

 public:
  std::optional<ImVec2> againAt_;  // where that button was drawn
};

void Viewer::Implementation::draw(ImVec2 at, ImVec2 size) {
  content_.update(choice_);
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(10, 8));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
  ImGui::Begin("##viewer", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoBringToFrontOnFocus);
  ImGui::PopStyleVar(2);
  const ViewerToolGestures gestures{.pin = [this] { pinStep(); },
                                    .fit = [this] { view_.fit(); },
                                    .copy =
                                        [this] {
                                          QGuiApplication::clipboard()->setImage(image());
                                          session_.notice("Copied the picture");
                                        },
                                    .save = [this] { askFile(); }};
  if (content_.canWatch()) watched_.keep(content_.port());
  drawViewerTools(session_, reels_, content_, choice_, gestures, size.x - 20);
  content_.update(choice_);  // with what was just chosen
  const float top = ImGui::GetCursorScreenPos().y + 2;
  drawBody({at.x + 10, top}, {size.x - 20, at.y + size.y - top - 8});
  ImGui::End();
}

void Viewer::Implementation::drawBody(ImVec2 at, ImVec2 size) {
  againAt_.reset();
  if (!content_.trouble().empty()) return drawTrouble(at, size);
  // Numbers stand beside a wide picture and under a narrow one, where they scroll if need be.
  const float wide = scaled(kNumbersWidth), status = scaled(kStatus);
  const bool beside = size.x > 2.1f * wide;
  const float most = size.y - std::max(size.y * kPicturePart, std::min(kLeastPicture, size.y)) - 4;
  const float numbers = beside ? size.y : numbersWithin(content_, most);
  const ImVec2 picture = beside ? ImVec2(size.x - wide - 12, size.y) : ImVec2(size.x, size.y - numbers - 4);
  drawPicture(at, {picture.x, std::max(picture.y - status, 8.f)});
  drawStatus({at.x, at.y + picture.y - status + 4}, picture.x);
  const ImVec2 numbersAt = beside ? ImVec2(at.x + picture.x + 12, at.y) : ImVec2(at.x, at.y + picture.y + 4);
  const ImVec2 room(beside ? wide : size.x, numbers);
  if (room.y < 20) return;
  ImGui::SetCursorScreenPos(numbersAt);
  ImGui::BeginChild("numbers", room);
  const ImVec2 inside = ImGui::GetCursorScreenPos();
  const float scrollbar = ImGui::GetStyle().ScrollbarSize + 1;
  const float height =
      drawNumbers(host_, content_, inside, room.x - (room.y < numbersHeight(content_) ? scrollbar : 0));
  ImGui::SetCursorScreenPos(inside);
  ImGui::Dummy({1, height});
  ImGui::EndChild();
}

void Viewer::Implementation::drawTrouble(ImVec2 at, ImVec2 size) {
  const std::string& text = content_.trouble();
  const float wrap = std::min(std::max(size.x - 30, 60.f), scaled(420));
  ImFont* font = host_.textFont();
  const ImVec2 needed = font->CalcTextSizeA(scaled(13.5f), FLT_MAX, wrap, text.c_str());
  const float y = at.y + std::max((size.y - needed.y) / 2 - 20, 0.f);
  ImGui::GetWindowDrawList()->AddText(font, scaled(13.5f), {at.x + (size.x - needed.x) / 2, y},
                                      imColour(Theme::current().dim), text.c_str(), nullptr, wrap);
  if (!content_.canRunAgain()) return;
  const auto run = session_.shownRun();
  const char* words = "Run again to see it";
  ImGui::SetCursorScreenPos({at.x + (size.x - ImGui::CalcTextSize(words).x) / 2 - 8, y + needed.y + 12});
  if (wordButton(words, runAgainTip(*run).c_str())) session_.runAgainWatching(run->id, content_.port());
  const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
  againAt_ = ImVec2((low.x + high.x) / 2, (low.y + high.y) / 2);
}

PixelView::Layer Viewer::Implementation::layerOf(const ViewerSide& side, const QColor& colour) const {
  PixelView::Layer layer;
  layer.picture = side.picture;
  layer.smaller = side.smaller;
  layer.name = side.name;
  layer.colour = imColour(colour);
  const ValuesPtr values = side.values;
  const TensorSheet* sheet = &side.sheet;
  const bool mean = choice_.options.look == TensorLook::falseColour && choice_.options.channel < 0;
  layer.text = [values, sheet, mean](int x, int y) {
    std::vector<std::string> lines;
    const auto place = sheet->at(x, y);
    if (!place) return lines;
    auto numbers = numbersAt(*values, *place);
    if (mean && numbers.size() > 1) {
      double sum = 0;
      for (const float number : numbers) sum += number;
      numbers = {static_cast<float>(sum / static_cast<double>(numbers.size()))};
    }
    for (size_t i = 0; i < std::min<size_t>(numbers.size(), 4); ++i) {
      char text[24];
      const double size = std::abs(numbers[i]);
      if (size >= 1000 || (size > 0 && size < 0.005))
        std::snprintf(text, sizeof text, "%.0e", numbers[i]);
      else
        std::snprintf(text, sizeof text, size >= 10 ? "%.1f" : "%.2f", numbers[i]);
      lines.emplace_back(text);
    }
    return lines;
  };
  return layer;
}

void Viewer::Implementation::drawPicture(ImVec2 at, ImVec2 size) {
  const Theme& theme = Theme::current();
  const Planes planes = content_.planes();
  hovered_.reset();
  if (planes.samples == 0) return;
  if (isRow(planes) && choice_.options.look == TensorLook::picture)
    return drawRow(host_, content_.a(), content_.comparing() ? &content_.b() : nullptr, at, size);
  const QColor a = readable(theme.runA.rgb(), theme.window), b = readable(theme.runB.rgb(), theme.window);
  PixelView::Layer first = layerOf(content_.a(), a), second;
  PixelView::How how = PixelView::How::one;
  switch (content_.compare()) {
    case Compare::none:
      first.name.clear();  // stands below
      break;
    case Compare::difference:
      first = layerOf(content_.delta(), a);
      second.colour = imColour(b);
      break;
    case Compare::wipe:
    case Compare::sideBySide:
      second = layerOf(content_.b(), b);
      how = content_.compare() == Compare::wipe ? PixelView::How::wipe : PixelView::How::sideBySide;
      break;
  }
  if (content_.comparing()) first.name = "A  " + content_.a().name, second.name = "B  " + content_.b().name;
  hovered_ = view_.draw(at, size, how, first, second);
}

void Viewer::Implementation::drawStatus(ImVec2 at, float width) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool apart = content_.compare() == Compare::difference;
  const ViewerSide& shown = apart ? content_.delta() : content_.a();
  const TensorPictureOptions& options = choice_.options;
  const bool mapped = apart || options.look != TensorLook::picture;
  drawColourBar(host_, at, width, shown.range, mapped);
  std::string text;
  QColor ink = theme.dim;
  const auto place = hovered_ ? shown.sheet.at(hovered_->x, hovered_->y) : std::nullopt;
  if (place) {
    ink = theme.text;
    text = "x " + std::to_string(place->x) + ", y " + std::to_string(place->y);
    if (content_.planes().samples > 1) text += ", sample " + std::to_string(place->tile.sample + 1);
    if (place->tile.channel >= 0 && content_.planes().channels > 1)
      text += ", channel " + std::to_string(place->tile.channel);
    const auto say = [&](const char* name, const ViewerSide& side) {
      text += name;
      for (const float number : numbersAt(*side.values, *place)) text.append(" ").append(numberText(number));
    };
    say(content_.comparing() ? "   A" : "  ", content_.a());
    if (content_.comparing()) say("   B", content_.b());
    if (apart) say("   |Δ|", content_.delta());
  } else if (shown.notFinite > 0) {
    ink = theme.bypassed;
    text = std::to_string(shown.notFinite) + " NaN or infinite here, in magenta";
  } else if (!content_.compareTrouble().empty()) {
    ink = theme.warning;
    text = content_.compareTrouble();
  } else {
    char zoom[48];
    std::snprintf(zoom, sizeof zoom, "%.3g × ", static_cast<double>(view_.zoom()));
    text = zoom + (apart ? "|A − B|" : content_.a().name) + (content_.loading() ? " ..." : "");
    if (shown.sheet.leftOut > 0)
      text += ", " + std::to_string(shown.sheet.leftOut) + " more tiles found no room";
    const bool row = isRow(content_.planes()) && options.look == TensorLook::picture && !apart;
    if (row) text = content_.a().name;
    if (row && content_.a().row.each > 1)
      text += ", each point the least and the most of " + std::to_string(content_.a().row.each) + " numbers";
    else if (shown.sheet.step > 1)
      text += ", every " + std::to_string(shown.sheet.step) + "th number";
  }
  textWithin(draw, {at.x, at.y + scaled(15)}, width, imColour(ink), text,
             place ? host_.numberFont() : host_.textFont(), scaled(place ? 11 : 11.5f));
}

void Viewer::Implementation::pinStep() {
  if (choice_.pin) {
    choice_.pin.reset();
    if (!reels_.compared().run) choice_.compare = Compare::none;
  } else if (reels_.shown().run) {
    choice_.pin = ViewerChoice::Pin{reels_.shown().run->id, placeOf(session_.cursor(), reels_.shown())};
    if (choice_.compare == Compare::none) choice_.compare = Compare::difference;
  }
  changed();
}

QImage Viewer::Implementation::image() {
  content_.update(choice_);
  const QImage a = imageOf(content_.a().values ? content_.a().picture : nullptr);
  const QImage b = imageOf(content_.comparing() ? content_.b().picture : nullptr);
  switch (content_.compare()) {
    case Compare::none:
      return a;
    case Compare::difference:
      return imageOf(content_.delta().picture);
    case Compare::wipe: {
      QImage both = a;
      const int from = std::lround(view_.divider() * static_cast<float>(a.width()));
      QPainter painter(&both);
      painter.setCompositionMode(QPainter::CompositionMode_Source);
      painter.drawImage(QPoint(from, 0), b, QRect(from, 0, b.width() - from, b.height()));
      return both;
    }
    case Compare::sideBySide: {
      QImage both(a.width() + 1 + b.width(), std::max(a.height(), b.height()), QImage::Format_RGBA8888);
      both.fill(Qt::transparent);
      QPainter painter(&both);
      painter.drawImage(0, 0, a);
      painter.drawImage(a.width() + 1, 0, b);
      return both;
    }
  }
  return a;
}

FileWriter Viewer::Implementation::writerOf(const QString& file) {
  content_.update(choice_);
  const ViewerSide& side = content_.compare() == Compare::difference ? content_.delta() : content_.a();
  if (!side.values) return [] { return false; };
  if (file.endsWith(".npy", Qt::CaseInsensitive))
    return [file, values = side.values] {
      QSaveFile out(file);
      const std::string bytes = npyFile(*values);
      return out.open(QIODevice::WriteOnly) &&
             out.write(bytes.data(), static_cast<qint64>(bytes.size())) >= 0 && out.commit();
    };
  return [file, shown = image()] {
    QSaveFile out(file);
    return !shown.isNull() && out.open(QIODevice::WriteOnly) && shown.save(&out, "PNG") && out.commit();
  };
}

void Viewer::Implementation::askFile() {
  askAndSave(session_, host_.window(),
             {"Save what the viewer shows", "tensor.png",
              "Picture, one pixel a number (*.png);;NumPy file, the numbers (*.npy)"},
             [this](const QString& file) { return writerOf(file); });
}

Viewer::Viewer(Session& session, ImGuiWidget& host)
    : implementation_(std::make_unique<Implementation>(session, host)) {}
Viewer::~Viewer() = default;
void Viewer::draw(ImVec2 at, ImVec2 size) { implementation_->draw(at, size); }
void Viewer::show(const std::string& port) {
  implementation_->choice_.port = port;
  implementation_->changed();
}
void Viewer::setMode(Mode mode) {
  implementation_->choice_.options.look = mode == Mode::picture    ? TensorLook::picture
                                          : mode == Mode::channels ? TensorLook::channels
                                                                   : TensorLook::falseColour;
  implementation_->changed();
}
void Viewer::setCompare(Compare compare) {
  implementation_->choice_.compare = compare;
  implementation_->changed();
}
void Viewer::pinStep() { implementation_->pinStep(); }
void Viewer::setSample(int sample) {
  implementation_->choice_.options.sample = std::max(sample, -1);
  implementation_->changed();
}
void Viewer::zoomBy(float factor) { implementation_->view_.zoomBy(factor); }
void Viewer::fit() {
  implementation_->view_.fit();
  implementation_->changed();
}
void Viewer::setRange(std::optional<std::pair<float, float>> range) {
  implementation_->choice_.options.range = range;
  implementation_->changed();
}
void Viewer::copy() const { QGuiApplication::clipboard()->setImage(implementation_->image()); }
void Viewer::save() const { implementation_->askFile(); }
bool Viewer::save(const QString& file) const { return implementation_->writerOf(file)(); }
QImage Viewer::image() const { return implementation_->image(); }
float Viewer::zoom() const { return implementation_->view_.zoom(); }
ImVec2 Viewer::pixelOnScreen(int x, int y) const { return implementation_->view_.pixelOnScreen(x, y); }
std::optional<ImVec2> Viewer::runAgainOnScreen() const { return implementation_->againAt_; }
ImVec2 Viewer::dividerOnScreen() const { return implementation_->view_.dividerOnScreen(); }

}  // namespace loom::editor
