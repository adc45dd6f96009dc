#pragma once
// What the inspector is put together from; each is built for one thing of the document.
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>

#include "app/editor/shell/inspector.h"
#include "app/editor/shell/parameter_row.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {

/// Title, id, kind, mode and what it is for: of any node.
class NodeHeader : public InspectorPart {
  Q_OBJECT
 public:
  NodeHeader(Session& session, std::string id, QWidget* parent);
  void refresh() override;

 private:
  std::string id_;
  QLineEdit* title_;
  QLineEdit* name_;
  QComboBox* mode_;
  QLabel* problem_;
};

class NodeParameters : public InspectorPart {
  Q_OBJECT
 public:
  NodeParameters(Session& session, std::string id, QWidget* parent);
  void refresh() override;

 private:
  void addRow(const Socket& socket);
  std::string id_;
  std::map<std::string, ParameterRow*> rows_;
  std::map<std::string, QPushButton*> locks_;  // of seeds
};

class NodePorts : public InspectorPart {
  Q_OBJECT
 public:
  NodePorts(Session& session, std::string id, QWidget* parent);
  void refresh() override;

 private:
  void addPort(const Socket& socket, bool output);
  std::string id_;
  std::vector<std::pair<std::string, QLabel*>> texts_;  // by "node.port" as the check names it
};

class ZoneContents : public InspectorPart {
  Q_OBJECT
 public:
  ZoneContents(Session& session, std::string id, QWidget* parent);
  void refresh() override;
  void refreshValues() override;

 private:
  void addNamed(const QString& prefix, const std::string& name, const QString& from, bool every);
  void addMaker(const QString& text, const QString& name, std::function<void()> run);
  std::string id_;
  ParameterRow* count_ = nullptr;
  QLabel* progress_;
  std::map<std::string, class NumberField*> every_;
};

/// The picture and the numbers of the selected port at the cursor's step.
class ValueView : public InspectorPart {
  Q_OBJECT
 public:
  ValueView(Session& session, std::string id, QWidget* parent);
  void refresh() override { refreshValues(); }
  void refreshValues() override;

 private:
  std::string port() const;
  void showStatistics(const std::string& port);
  std::string id_;
  QLabel* which_;
  QLabel* picture_;
  QLabel* numbers_;
  class HistogramView* histogram_;
  QPushButton* watch_;
  uint64_t shown_ = 0;
};

/// Title, text, exposed inputs and outputs: of the document, or of the group that is entered.
class DocumentView : public InspectorPart {
  Q_OBJECT
 public:
  DocumentView(Session& session, QWidget* parent);
  void refresh() override;
  void refreshValues() override;

 private:
  void addInput(const ExposedInput& input);
  void addOutput(const ExposedOutput& output);
  QLineEdit* title_;
  QPlainTextEdit* about_;
  std::map<std::string, ParameterRow*> rows_;
  std::vector<std::pair<std::string, QLabel*>> pictures_;
};

/// A frame's or a note's words and colour.
class DecorationView : public InspectorPart {
  Q_OBJECT
 public:
  DecorationView(Session& session, std::string id, QWidget* parent);
  void refresh() override;

 private:
  std::string id_;
  QPlainTextEdit* text_;
};

/// Several things at once: how many of what.
class SeveralView : public InspectorPart {
  Q_OBJECT
 public:
  SeveralView(Session& session, QWidget* parent);
  void refresh() override;

 private:
  QLabel* text_;
};

/// A port, or a node, of the place at hand as the worker calls it: "group/node.port".
std::string workerPort(const Session& session, const std::string& port);
std::string workerNode(const Session& session, const std::string& node);
/// Which exposed names lead to a parameter.
std::vector<std::string> exposedAs(const Graph& graph, const std::string& node, const std::string& port);
/// Can its value be edited: has it a form in the file?
bool isParameter(const Catalog& catalog, const PortType& port);
/// One that takes text over on Enter or leaving.
QLineEdit* nameField(const QString& objectName, std::function<void(const QString&)> taken);

}  // namespace loom::editor
