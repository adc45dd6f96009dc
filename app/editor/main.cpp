// The editor: noiseloom-editor [FILE].
#include <QApplication>
#include <QSurfaceFormat>

#include "app/editor/shell/main_window.h"

int main(int argc, char** argv) {
  QSurfaceFormat format;
  format.setVersion(3, 0);
  format.setSwapInterval(1);
  QSurfaceFormat::setDefaultFormat(format);
  QGuiApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName("noiseloom");
  QCoreApplication::setOrganizationName("noiseloom");
  QCoreApplication::setApplicationVersion(NOISELOOM_VERSION);
  QGuiApplication::setApplicationDisplayName("Noiseloom");
  QGuiApplication::setDesktopFileName("noiseloom-editor");
  loom::editor::MainWindow window;
  window.show();
  const QStringList arguments = application.arguments();
  if (arguments.size() < 2 || !window.openFile(arguments.at(1))) window.begin();
  return application.exec();
}
