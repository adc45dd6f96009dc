#pragma once
// Graphs and files that are meant to be refused, in a header because moc does not read all of these literals.
#include <QByteArray>
#include <QString>

namespace hostile {

inline const QString kParity = QStringLiteral(NOISELOOM_SOURCE_DIR "/tests/data/parity/");

inline QByteArray graph(const QByteArray& nodes, const QByteArray& more = {}) {
  return "{\"noiseloom\": 1, \"nodes\": {" + nodes + "}" + more + "}";
}
inline const QByteArray kNoise =
    R"("n": {"type": "noise.gaussian", "params": {"shape": [3, 8, 8], "batch": 2}})";
inline const QByteArray kBig =
    R"("n": {"type": "noise.gaussian", "params": {"shape": [3, 256, 256], "batch": 4}})";

inline QByteArray save(const QByteArray& from) {
  return R"("s": {"type": "tensor.save", "inputs": {"tensor": ")" + from + R"("}})";
}
/// A loop that hands x on, `more` beside its state.
inline QByteArray loop(const QByteArray& count, const QByteArray& more = {}) {
  return R"("z": {"type": "zone", "count": )" + count +
         R"(, "state": {"x": {"init": "n.noise", "next": "m.tensor"}})" + more +
         R"(, "nodes": {"m": {"type": "tensor.slice", "params": {"length": 0}, "inputs": {"tensor": "z.x"}}}})";
}
inline QByteArray unet(const QByteArray& file) {
  return graph(R"("w": {"type": "weights.load", "params": {"path": ")" + file +
                   R"("}}, "u": {"type": "ddpm.unet", "inputs": {"weights": "w.weights"}})",
               R"(, "outputs": {"u": {"from": "u.denoiser"}})");
}
/// Zones in each other, a hundred thousand where the file is to be refused.
inline QByteArray zones(int depth) {
  QByteArray text = R"({"noiseloom": 1, "nodes": {"n": {"type": "noise.gaussian"}, )";
  for (int i = 0; i < depth; ++i) {
    const QByteArray self = "z" + QByteArray::number(i);
    text += "\"" + self + R"(": {"type": "zone", "count": 1, "state": {"x": {"init": ")" +
            (i ? "z" + QByteArray::number(i - 1) + ".x" : QByteArray("n.noise")) + R"(", "next": ")" +
            (i + 1 < depth ? "z" + QByteArray::number(i + 1) + ".x" : self + ".x") + R"("}}, "nodes": {)";
  }
  return text + QByteArray(2 * depth, '}') + R"(}, "outputs": {"x": {"from": "z0.x"}}})";
}
/// A pickle that would call posix.system, as torch.save's older form holds it and as its zip's data.pkl.
inline const QByteArray kEvilPickle = QByteArray(
    "\x80\x02}q\x00X\x01\x00\x00\x00"
    "aq\x01"
    "cposix\nsystem\nq\x02X\x0c\x00\x00\x00touch pwned!q\x03\x85q\x04Rq\x05s.",
    56);

}  // namespace hostile
