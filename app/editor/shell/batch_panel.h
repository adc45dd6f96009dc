#pragma once
// Sweeps: which parameters go through which values, how many jobs that is, and the batch itself, which
// `noiseloom batch` runs in a process of its own. At the end its grid of pictures.
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QStringListModel>
#include <QTimer>
#include <QVBoxLayout>

#include "app/editor/session/session.h"
#include "app/editor/shell/sweep_job.h"

namespace loom::editor {

class BatchPanel : public QWidget {
  Q_OBJECT
 public:
  explicit BatchPanel(Session& session, QWidget* parent = nullptr);
  ~BatchPanel() override;

  void addSweep(const QString& name = {}, const QString& values = {});
  bool running() const { return process_.state() != QProcess::NotRunning; }
  void start();
  void cancel();
  /// Writes the file of jobs (.csv, else .jsonl). Throws Error.
  void writeJobs(const QString& file);

 Q_SIGNALS:
  void finished(bool done, const QString& grid);  // grid: the picture's file

 private:
  struct Row {
    QWidget* widget;
    QComboBox* name;
    QLineEdit* values;
    QLabel* count;
  };
  void showEvent(QShowEvent* event) override;
  QStringList names() const;
  void refillNames();
  SweepJob job() const;  // throws
  QString graphFile(const QString& folder) const;
  void count();
  void readOutput();
  void heard(const nlohmann::json& event);
  void ended(int code);
  void showGrid(const QString& file);
  void showLarge();
  void chooseJobsFile();
  void updateButtons();

  Session& session_;
  QProcess process_;
  QByteArray pending_;
  QStringListModel names_;  // of all that can be swept over
  QTimer refill_;
  std::vector<Row> rows_;
  QVBoxLayout* sweeps_;
  QLabel *total_, *why_, *state_, *grid_;  // why_: it can not be run yet
  QLineEdit* out_;
  QSpinBox* workers_;
  QProgressBar* progress_;
  QPushButton *run_, *cancel_, *write_, *folder_, *large_, *add_;
  QString failure_, gridFile_;
  int jobs_ = 0, done_ = 0, failed_ = 0;
  double jobPart_ = 0;  // of the job at hand that is done
  bool cancelled_ = false;
};

}  // namespace loom::editor
