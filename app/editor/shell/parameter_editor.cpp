#include "app/editor/shell/parameter_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QVBoxLayout>

#include "app/editor/shell/number_field.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr qsizetype kMostListText = 100'000;
constexpr int kMostListParts = 10'000;

QHBoxLayout* rowIn(QWidget* widget) {
  auto* layout = new QHBoxLayout(widget);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  return layout;
}

/// A line of text that is taken over by Enter or by leaving it, and given back by Escape.
class TextLine : public QLineEdit {
 public:
  using QLineEdit::QLineEdit;
  std::function<void(const QString&)> taken;

  void setShown(const QString& text) {
    shown_ = text;
    if (!isModified() || !hasFocus()) setText(text);
  }
  void setBad(bool bad) {
    setProperty("bad", bad);
    style()->unpolish(this);
    style()->polish(this);
  }
  void take() {
    if (!isModified()) return;
    setModified(false);
    if (text() != shown_ && taken) taken(text());
  }

 protected:
  bool event(QEvent* event) override {
    if (event->type() == QEvent::ShortcutOverride) {
      const auto* key = static_cast<QKeyEvent*>(event);
      if (key->key() == Qt::Key_Escape && isModified()) {
        event->accept();
        return true;
      }
      if (!isModified() && (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo))) {
        event->ignore();
        return true;
      }
    }
    return QLineEdit::event(event);
  }
  void keyPressEvent(QKeyEvent* event) override {
    if (event->key() == Qt::Key_Escape) {
      setText(shown_);
      setModified(false);
      setBad(false);
      return;
    }
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) return take();
    QLineEdit::keyPressEvent(event);
  }
  void focusOutEvent(QFocusEvent* event) override {
    take();
    QLineEdit::focusOutEvent(event);
  }

 private:
  QString shown_;
};

class NumberEditor : public ParameterEditor {
 public:
  NumberEditor(const PortType& port, const QString& name, bool seed, QWidget* parent)
      : ParameterEditor(parent),
        field_(new NumberField({port.type != "real", seed ? std::optional<double>(0) : port.min, port.max})) {
    field_->setObjectName(name);
    auto* layout = rowIn(this);
    layout->addWidget(field_, 1);
    connect(field_, &NumberField::edited, this, &ParameterEditor::edited);
    connect(field_, &NumberField::settled, this, &ParameterEditor::settled);
    if (!seed) return;
    QPushButton* dice = smallButton(tr("Dice"), name + ".dice", tr("Another seed, by chance"));
    layout->addWidget(dice);
    connect(dice, &QPushButton::clicked, this, [this] {
      // Short enough to be told to somebody.
      const auto seed = static_cast<uint64_t>(QRandomGenerator::global()->bounded(1, 1'000'000'000));
      field_->setValue(seed);
      Q_EMIT edited(seed, false);
    });
  }
  void show(const json& value) override { field_->setValue(value); }

 private:
  NumberField* field_;
};

class BoolEditor : public ParameterEditor {
 public:
  BoolEditor(const QString& name, QWidget* parent) : ParameterEditor(parent), box_(new QCheckBox) {
    box_->setObjectName(name);
    rowIn(this)->addWidget(box_);
    connect(box_, &QCheckBox::clicked, this, [this](bool on) {
      box_->setText(on ? tr("yes") : tr("no"));
      Q_EMIT edited(on, false);
    });
  }
  void show(const json& value) override {
    const bool on = value.is_boolean() && value.get<bool>();
    box_->setChecked(on);
    box_->setText(on ? tr("yes") : tr("no"));
  }

 private:
  QCheckBox* box_;
};

class ChoiceEditor : public ParameterEditor {
 public:
  ChoiceEditor(const PortType& port, const QString& name, QWidget* parent)
      : ParameterEditor(parent), box_(new QComboBox) {
    box_->setObjectName(name);
    for (const std::string& choice : port.choices) box_->addItem(QString::fromStdString(choice));
    box_->setFocusPolicy(Qt::StrongFocus);
    box_->installEventFilter(this);
    rowIn(this)->addWidget(box_);
    connect(box_, &QComboBox::activated, this,
            [this] { Q_EMIT edited(box_->currentText().toStdString(), false); });
  }
  void show(const json& value) override {
    const QString text = value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString();
    int at = box_->findText(text);
    if (at < 0 && !text.isEmpty()) {  // one that this program does not know stays
      box_->addItem(text);
      at = box_->count() - 1;
    }
    box_->setCurrentIndex(at);
  }

 protected:
  // Who scrolls the panel does not mean to change what is under the mouse.
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Wheel && !box_->hasFocus()) {
      event->ignore();
      return true;
    }
    return ParameterEditor::eventFilter(watched, event);
  }

 private:
  QComboBox* box_;
};

class TextEditor : public ParameterEditor {
 public:
  TextEditor(const QString& name, QWidget* parent) : ParameterEditor(parent), line_(new TextLine) {
    line_->setObjectName(name);
    QPushButton* lines = smallButton("…", name + ".lines", tr("Edit as several lines"));
    auto* layout = rowIn(this);
    layout->addWidget(line_, 1);
    layout->addWidget(lines);
    line_->taken = [this](const QString& text) { Q_EMIT edited(text.toStdString(), false); };
    connect(lines, &QPushButton::clicked, this, &TextEditor::openLines);
  }
  void show(const json& value) override {
    text_ = value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString();
    const bool several = text_.contains('\n');
    line_->setReadOnly(several);  // a line can't show what lies after its end
    line_->setShown(several ? QString(text_).replace('\n', QStringLiteral(" ⏎ ")) : text_);
  }

 private:
  void openLines() {
    auto* dialog = new QDialog(window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName("linesDialog");
    dialog->setWindowTitle(tr("Text"));
    dialog->resize(520, 320);
    auto* field = new QPlainTextEdit(text_);
    field->setObjectName("lines");
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    auto* layout = new QVBoxLayout(dialog);
    layout->addWidget(field);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, dialog, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    connect(dialog, &QDialog::accepted, this,
            [this, field] { Q_EMIT edited(field->toPlainText().toStdString(), false); });
    dialog->open();
  }
  TextLine* line_;
  QString text_;
};

class PathEditor : public ParameterEditor {
 public:
  PathEditor(const PortType& port, const QString& folder, const QString& name, QWidget* parent)
      : ParameterEditor(parent), port_(port), folder_(folder), line_(new TextLine) {
    line_->setObjectName(name);
    QPushButton* browse =
        smallButton(tr("Browse"), name + ".browse",
                    port.writes ? tr("Choose the file that is written") : tr("Choose a file"));
    auto* layout = rowIn(this);
    layout->addWidget(line_, 1);
    layout->addWidget(browse);
    line_->taken = [this](const QString& text) { Q_EMIT edited(text.toStdString(), false); };
    connect(browse, &QPushButton::clicked, this, &PathEditor::browse);
  }
  void show(const json& value) override {
    line_->setShown(value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString());
    line_->setToolTip(line_->text());
  }

 private:
  void browse() {
    auto* dialog = new QFileDialog(window(), port_.writes ? tr("File to write") : tr("File"), folder_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName("fileDialog");
    if (port_.writes)
      dialog->setAcceptMode(QFileDialog::AcceptSave);
    else
      dialog->setFileMode(QFileDialog::ExistingFile);
    QStringList filters;
    for (const QString& extension : QString::fromStdString(port_.extensions).split(' ', Qt::SkipEmptyParts))
      filters << "*" + extension;
    if (!filters.isEmpty())
      dialog->setNameFilters(
          {tr("Files that fit") + " (" + filters.join(' ') + ")", tr("All files") + " (*)"});
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
      // Beside the graph: a name relative to it, so that both can be moved together.
      const QString relative = QDir(folder_).relativeFilePath(file);
      const bool below = !folder_.isEmpty() && !relative.startsWith("..");
      Q_EMIT edited((below          ? relative
                     : port_.writes ? QFileInfo(file).fileName()
                                    : file)
                        .toStdString(),
                    false);
    });
    dialog->open();
  }
  PortType port_;
  QString folder_;
  TextLine* line_;
};

/// Sizes, numbers, and scalars of kinds that are not known here: as JSON.
class ListEditor : public ParameterEditor {
 public:
  ListEditor(const PortType& port, const QString& name, QWidget* parent)
      : ParameterEditor(parent), type_(port.type), line_(new TextLine) {
    line_->setObjectName(name);
    line_->setFont(numberFont(line_->font()));
    rowIn(this)->addWidget(line_);
    line_->taken = [this](const QString& text) {
      std::optional<json> value;
      if (type_ == "shape" || type_ == "numbers") {
        value = listFrom(text, type_ == "shape");
      } else {
        json parsed = json::parse(text.left(kMostListText).toStdString(), nullptr, false);
        if (!parsed.is_discarded()) value = std::move(parsed);
      }
      line_->setBad(!value);
      if (!value) {
        line_->setModified(true);  // left as it is, to be mended
        line_->setToolTip(tr("Numbers with commas between them are wanted: 3, 32, 32"));
        return;
      }
      Q_EMIT edited(*value, false);
    };
  }
  void show(const json& value) override {
    const bool list = type_ == "shape" || type_ == "numbers";
    line_->setShown(value.is_null() ? QString()
                    : list          ? listAsText(value)
                                    : QString::fromStdString(value.dump()));
  }

 private:
  std::string type_;
  TextLine* line_;
};

}  // namespace

std::optional<json> listFrom(const QString& given, bool whole) {
  QString text = given.left(kMostListText).trimmed();
  if (text.startsWith('[') && text.endsWith(']')) text = text.mid(1, text.size() - 2);
  static const QRegularExpression sizes(R"(^\s*\d+(\s*[x×]\s*\d+)+\s*$)");
  if (whole && sizes.match(text).hasMatch()) text.replace('x', ',').replace(QChar(0xD7), ',');
  json list = json::array();
  if (text.trimmed().isEmpty()) return list;
  const QStringList parts = text.split(',');
  if (parts.size() > kMostListParts) return {};
  for (const QString& part : parts) {
    const std::optional<json> number = numberFrom(part, whole);
    if (!number) return {};
    list.push_back(*number);
  }
  return list;
}

QString listAsText(const json& list) {
  if (!list.is_array()) return numberAsText(list);
  QStringList parts;
  for (const json& each : list) parts << QString::fromStdString(each.dump());
  return parts.join(", ");
}

ParameterEditor* ParameterEditor::make(const PortType& port, const QString& folder, const QString& name,
                                       QWidget* parent) {
  if (!port.choices.empty() || port.type == "choice") return new ChoiceEditor(port, name, parent);
  if (port.type == "bool") return new BoolEditor(name, parent);
  if (port.type == "int" || port.type == "real") return new NumberEditor(port, name, false, parent);
  if (port.type == "seed") return new NumberEditor(port, name, true, parent);
  if (port.type == "path") return new PathEditor(port, folder, name, parent);
  if (port.type == "text") return new TextEditor(name, parent);
  return new ListEditor(port, name, parent);
}

}  // namespace loom::editor
