#pragma once
// Every command there is, once: menus, toolbar, keys, palette and the settings' list of keys are made from
// this.
#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QSettings>
#include <functional>
#include <map>
#include <vector>

namespace loom::editor {

/// Whose habits the keys follow.
enum class KeyPreset { comfyUi, blender, nuke };

struct Command {
  QString id;     // "edit.duplicate": its name in settings
  QString menu;   // "Edit", "Graph/Align": empty: in the palette alone
  QString title;  // "Duplicate"
  QString help;
  std::map<KeyPreset, QList<QKeySequence>> keys =
      {};  // one for all presets: under comfyUi alone, with `sameKeys`
  bool sameKeys = true;
  std::function<void()> run = {};
  std::function<bool()> enabled = {};  // always, where empty
  std::function<bool()> checked = {};  // of a toggle
  bool separatorBefore = false;
  bool onCanvas = false;  // its keys count on the canvas alone: elsewhere they mean something else (Ctrl+C)
};

QList<QKeySequence> keysFrom(const QString& text);  // "Del; Backspace"
/// A key that typing uses too (a letter, Delete, an arrow): it counts only while the canvas has the focus.
bool isBareKey(const QKeySequence& key);
/// The same keys, or one begins as the other: pressed, neither would do anything.
bool clash(const QKeySequence& a, const QKeySequence& b);

class Commands : public QObject {
  Q_OBJECT
 public:
  /// `canvas`: where keys that typing uses too belong; without one they count in the whole window.
  Commands(QWidget* window, QSettings& settings, QWidget* canvas = nullptr);

  void add(Command command);
  const std::vector<Command>& all() const { return commands_; }
  QAction* action(const QString& id) const;  // throws Error for an unknown id
  void refresh();                            // asks all whether they are enabled and checked

  KeyPreset preset() const;
  void setPreset(KeyPreset preset);
  QList<QKeySequence> keys(const QString& id) const;
  void setKeys(const QString& id, const QList<QKeySequence>& keys);  // the user's own, over the preset
  void resetKeys(const QString& id);
  void resetAllKeys();
  /// Preset and own keys as text, to be kept or given away, and taken from such a text: all of it or, where
  /// it is no such text, nothing (throws Error). Commands that are not known here are left out.
  QByteArray keysText() const;
  void takeKeysText(const QByteArray& text);
  bool ownKeys(const QString& id) const;                                    // set by the user
  QStringList conflicts(const QString& id, const QKeySequence& key) const;  // of others that have it,
                                                                            // or begin with it, or it with
                                                                            // theirs

 Q_SIGNALS:
  void keysChanged();

 private:
  const Command& find(const QString& id) const;
  void applyKeys(const Command& command);
  void applyAllKeys();
  QWidget* window_;
  QWidget* canvas_;
  QSettings& settings_;
  std::vector<Command> commands_;
  std::map<QString, QAction*> actions_;
};

}  // namespace loom::editor
