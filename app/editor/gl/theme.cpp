#include "app/editor/gl/theme.h"

#include <QApplication>
#include <QPalette>
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>

#include "app/editor/gl/widget_style.h"

namespace loom::editor {
namespace {

const Theme* current_ = &Theme::darkTheme();

Theme makeDark() {
  Theme theme;
  theme.dark = true;
  theme.window = QColor("#14161B");
  theme.panel = QColor("#1A1D25");
  theme.raised = QColor("#272B36");
  theme.field = QColor("#101216");
  theme.border = QColor("#2E3340");
  theme.text = QColor("#E4E7EE");
  theme.dim = QColor("#98A1B3");
  theme.accent = QColor("#64B5F6");
  theme.go = QColor("#5FD3A5");
  theme.warning = QColor("#F2B24B");
  theme.error = QColor("#FF7A76");
  theme.bypassed = QColor("#FF5CFF");
  theme.canvas = QColor("#121418");
  theme.grid = QColor("#1E2128");
  theme.node = QColor("#22262F");
  theme.nodeText = QColor("#E4E7EE");
  theme.zone = QColor("#C07AB8");
  theme.state = QColor("#FF9CF9");
  theme.constant = QColor("#8FA3BF");
  theme.wireShadow = QColor("#08090B");
  theme.selected = QColor("#64B5F6");
  theme.runA = QColor("#64B5F6");
  theme.runB = QColor("#FFB454");
  return theme;
}

Theme makeLight() {
  Theme theme;
  theme.dark = false;
  theme.window = QColor("#E9EBF0");
  theme.panel = QColor("#F5F6F9");
  theme.raised = QColor("#DFE3EA");
  theme.field = QColor("#FFFFFF");
  theme.border = QColor("#C6CBD6");
  theme.text = QColor("#1B1F28");
  theme.dim = QColor("#535C6D");
  theme.accent = QColor("#1461AD");
  theme.go = QColor("#12633F");
  theme.warning = QColor("#7E4F00");
  theme.error = QColor("#B3211F");
  theme.bypassed = QColor("#A0009E");
  theme.canvas = QColor("#EEF0F4");
  theme.grid = QColor("#DFE2E9");
  theme.node = QColor("#FBFCFD");
  theme.nodeText = QColor("#1B1F28");
  theme.zone = QColor("#A25B9A");
  theme.state = QColor("#A3339C");
  theme.constant = QColor("#4C6078");
  theme.wireShadow = QColor("#FFFFFF");
  theme.selected = QColor("#1E78D0");
  theme.runA = QColor("#1461AD");
  theme.runB = QColor("#9A5200");
  return theme;
}

// Hues by what a group is about; a header is that hue, deep on dark and pale on light, so that the same text
// reads well on all of them.
struct GroupHue {
  int hue, saturation;  // of 360 and 255
};
const std::unordered_map<std::string, GroupHue> kGroups{
    {"denoise", {262, 90}},  {"denoiser", {262, 90}},  {"ddpm", {262, 90}},   {"weights", {250, 70}},
    {"schedule", {130, 80}}, {"timesteps", {130, 80}}, {"noise", {215, 22}},  {"predict", {318, 85}},
    {"step", {318, 85}},     {"zone", {318, 85}},      {"image", {212, 105}}, {"data", {176, 80}},
    {"train", {2, 95}},      {"loss", {2, 95}},        {"series", {26, 105}}, {"plot", {26, 105}},
    {"guidance", {160, 95}}, {"condition", {38, 110}}, {"encode", {38, 110}}, {"group", {195, 70}},
    {"tensor", {220, 40}}};

QPalette paletteOf(const Theme& theme) {
  QPalette palette;
  const auto set = [&](QPalette::ColorRole role, const QColor& colour, const QColor& disabled) {
    palette.setColor(role, colour);
    palette.setColor(QPalette::Disabled, role, disabled);
  };
  QColor faded = theme.dim;
  faded.setAlphaF(0.6f);
  set(QPalette::Window, theme.panel, theme.panel);
  set(QPalette::WindowText, theme.text, faded);
  set(QPalette::Base, theme.field, theme.panel);
  set(QPalette::AlternateBase, theme.panel, theme.panel);
  set(QPalette::ToolTipBase, theme.raised, theme.raised);
  set(QPalette::ToolTipText, theme.text, theme.text);
  set(QPalette::PlaceholderText, theme.dim, faded);
  set(QPalette::Text, theme.text, faded);
  set(QPalette::Button, theme.raised, theme.panel);
  set(QPalette::ButtonText, theme.text, faded);
  set(QPalette::BrightText, theme.error, faded);
  set(QPalette::Link, theme.accent, faded);
  set(QPalette::LinkVisited, theme.accent, faded);
  set(QPalette::Highlight, theme.accent, theme.border);
  set(QPalette::HighlightedText, theme.dark ? QColor("#0B0D11") : QColor("#FFFFFF"), faded);
  set(QPalette::Light, theme.dark ? theme.raised.lighter(115) : QColor("#FFFFFF"), theme.raised);
  set(QPalette::Midlight, theme.raised, theme.raised);
  set(QPalette::Mid, theme.border, theme.border);
  set(QPalette::Dark, theme.border, theme.border);
  set(QPalette::Shadow, theme.wireShadow, theme.wireShadow);
  return palette;
}

// What the sheet is written with: {name} stands for a colour of the theme.
const char* const kSheet = R"(
QMainWindow, QDialog { background: {window}; }
QMainWindow::separator { background: {window}; width: 5px; height: 5px; }
QMainWindow::separator:hover { background: {accent}; }
QMenuBar { background: {window}; border: none; padding: 2px 4px; }
QMenuBar::item { padding: 4px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: {raised}; }
QMenu { background: {panel}; border: 1px solid {border}; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 22px; border-radius: 4px; }
QMenu::item:selected { background: {raised}; }
QMenu::item:disabled { color: {faded}; }
QMenu::separator { height: 1px; background: {border}; margin: 4px 8px; }
QToolTip { background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px 6px; }
QToolBar { background: {window}; border: none; spacing: 6px; padding: 4px 8px 6px 8px; }
QStatusBar { background: {window}; }
QStatusBar::item { border: none; }
QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; font-weight: 600; }
QDockWidget > QWidget { background: {panel}; }
QDockWidget::title { background: {panel}; padding: 7px 10px 3px 10px; }
QTabBar { background: {window}; }
QTabBar::tab { background: transparent; color: {dim}; padding: 6px 12px; border: none;
               border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: {text}; border-bottom: 2px solid {accent}; }
QTabBar::tab:hover { color: {text}; }
QTabWidget::pane { border: none; }
QPushButton, QToolButton[words="true"] { background: {raised}; color: {text}; border: 1px solid transparent;
               border-radius: 5px; padding: 5px 14px; }
QToolButton[menu="true"] { padding-right: 26px; }
QToolButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: center right; width: 10px;
               height: 10px; right: 10px; }
QPushButton:hover, QToolButton[words="true"]:hover { border-color: {accent}; }
QPushButton:focus, QToolButton[words="true"]:focus { border-color: {accent}; }
QPushButton:checked { background: {panel}; border-color: {accent}; }
QPushButton:pressed, QToolButton[words="true"]:pressed { background: {border}; }
QPushButton:disabled, QToolButton[words="true"]:disabled { color: {faded}; background: {panel}; }
QPushButton[primary="true"], QToolButton[primary="true"] { background: {goBack}; color: #FFFFFF; font-weight: 600; }
QPushButton[primary="true"]:pressed, QToolButton[primary="true"]:pressed { background: {goPressed}; }
QPushButton[primary="true"]:disabled, QToolButton[primary="true"]:disabled { background: {raised}; color: {faded}; }
QPushButton[small="true"] { padding: 2px 8px; }
QPushButton[flat="true"] { background: transparent; padding: 2px 6px; }
QPushButton[flat="true"]:hover { background: {raised}; border-color: transparent; }
QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser { background: {field}; border: 1px solid {border};
               border-radius: 4px; padding: 3px 6px; selection-background-color: {accent}; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border-color: {accent}; }
QLineEdit:disabled { color: {faded}; background: {panel}; }
QLineEdit[bad="true"] { border-color: {error}; }
QAbstractItemView { background: {panel}; border: none; outline: none; selection-background-color: {raised};
               selection-color: {text}; }
QAbstractItemView::item { padding: 3px 4px; border-radius: 4px; }
QAbstractItemView::item:hover { background: {hover}; }
QAbstractItemView::item:selected { background: {raised}; color: {text}; }
QTreeView::branch { background: transparent; }
QHeaderView::section { background: {panel}; color: {dim}; border: none; border-bottom: 1px solid {border};
               padding: 4px 6px; }
QScrollArea { border: none; background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: {thumb}; border-radius: 4px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: {dim}; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: {field}; border: none; border-radius: 4px; text-align: center; color: {text}; }
QProgressBar::chunk { background: {chunk}; border-radius: 4px; }
QMessageBox QLabel#qt_msgbox_label { font-weight: 600; }
QLabel[dim="true"] { color: {dim}; }
QLabel[heading="true"] { font-weight: 600; color: {dim}; }
QLabel[strong="true"] { font-weight: 600; }
QLabel[bad="true"] { color: {error}; }
QFrame[card="true"] { background: {panel}; border: 1px solid {border}; border-radius: 8px; }
QFrame[card="true"]:hover { border-color: {accent}; }
QFrame[notice="plain"], QFrame[notice="bad"], QFrame[notice="more"] { background: {raised};
               border: 1px solid {border}; border-radius: 6px; }
QFrame[notice="plain"] { border-left: 3px solid {accent}; }
QFrame[notice="bad"] { border-left: 3px solid {error}; }
QFrame[rule="true"] { background: {border}; max-height: 1px; min-height: 1px; border: none; }
QFrame[popup="true"] { background: {panel}; border: 1px solid {border}; border-radius: 8px; }
)";

// WCAG's.
double luminance(const QColor& colour) {
  const auto linear = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

QString sheetOf(const Theme& theme) {
  const auto mixed = [](const QColor& a, const QColor& b, double share) {
    return QColor::fromRgbF(static_cast<float>(a.redF() * (1 - share) + b.redF() * share),
                            static_cast<float>(a.greenF() * (1 - share) + b.greenF() * share),
                            static_cast<float>(a.blueF() * (1 - share) + b.blueF() * share));
  };
  const QColor goBack = theme.dark ? QColor("#2A7F5A") : theme.go;
  const std::pair<const char*, QColor> colours[] = {
      {"window", theme.window},
      {"panel", theme.panel},
      {"raised", theme.raised},
      {"field", theme.field},
      {"border", theme.border},
      {"text", theme.text},
      {"dim", theme.dim},
      {"accent", theme.accent},
      {"error", theme.error},
      {"goBack", goBack},
      {"goPressed", goBack.darker(120)},
      {"faded", mixed(theme.dim, theme.panel, 0.4)},
      {"hover", mixed(theme.panel, theme.raised, 0.5)},
      {"thumb", mixed(theme.panel, theme.dim, 0.4)},
      {"chunk", mixed(theme.field, theme.accent, theme.dark ? 0.55 : 0.45)}};
  QString sheet = QString::fromUtf8(kSheet);
  for (const auto& [name, colour] : colours) sheet.replace("{" + QString(name) + "}", colour.name());
  return sheet;
}

}  // namespace

const Theme& Theme::darkTheme() {
  static const Theme theme = makeDark();
  return theme;
}

const Theme& Theme::lightTheme() {
  static const Theme theme = makeLight();
  return theme;
}

const Theme& Theme::current() { return *current_; }

void Theme::use(const Theme& theme) {
  current_ = theme.dark ? &darkTheme() : &lightTheme();
  if (!qobject_cast<QApplication*>(QCoreApplication::instance())) return;
  static const bool styled = (QApplication::setStyle(new WidgetStyle), true);  // once
  Q_UNUSED(styled);
  QApplication::setPalette(paletteOf(*current_));
  qApp->setStyleSheet(sheetOf(*current_));
}

QColor Theme::group(const std::string& name) const {
  const auto found = kGroups.find(name);
  const GroupHue hue = found != kGroups.end() ? found->second : GroupHue{220, 30};
  return dark ? QColor::fromHsv(hue.hue, hue.saturation, 82)
              : QColor::fromHsv(hue.hue, hue.saturation / 2, 226);
}

unsigned imColour(const QColor& colour, double alpha) {
  const auto opacity = static_cast<unsigned>(std::lround(std::clamp(colour.alphaF() * alpha, 0., 1.) * 255));
  return opacity << 24 | static_cast<unsigned>(colour.blue()) << 16 |
         static_cast<unsigned>(colour.green()) << 8 | static_cast<unsigned>(colour.red());
}

unsigned imColour(unsigned rgb, double alpha) {
  const auto opacity = static_cast<unsigned>(std::lround(std::clamp(alpha, 0., 1.) * 255));
  return opacity << 24 | (rgb & 0xFF) << 16 | (rgb & 0xFF00) | (rgb >> 16 & 0xFF);
}

QColor Theme::ofType(unsigned rgb) const {
  constexpr double kLeast = 3;
  QColor colour = QColor::fromRgb(rgb);
  if (dark) return colour;
  colour.setHslF(std::max(colour.hslHueF(), 0.f), std::min(colour.hslSaturationF(), 0.75f),
                 std::min(colour.lightnessF(), 0.42f));
  while ((luminance(panel) + 0.05) / (luminance(colour) + 0.05) < kLeast) colour = colour.darker(110);
  return colour;
}

}  // namespace loom::editor
