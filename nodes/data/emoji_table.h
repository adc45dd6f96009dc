#pragma once
// Unicode's list of emoji, emoji-test.txt (UTS #51): which sequences there are, what they are called and how
// they are grouped.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace loom {

struct Emoji {
  std::u32string codes;  // the fully-qualified sequence
  std::string name;      // "grinning face"
  std::string group;     // "Smileys & Emotion"
  std::string subgroup;  // "face-smiling"
  bool skinTone() const;
  bool flag() const { return group == "Flags"; }
};

/// The fully-qualified entries of the table's text, in its order. Throws Error when there are none.
std::vector<Emoji> parseEmojiTable(std::string_view text);

struct EmojiChoice {
  std::vector<std::string> groups{};     // empty: all; see textMatches
  std::vector<std::string> subgroups{};  // empty: all
  bool skinTones = false;                // entries that differ in skin tone only
  bool flags = false;
  bool thin = true;  // keep 4 of the 24 clock faces and one of the families, which look alike
};
/// Throws Error when a group or subgroup is unknown, or nothing is left, saying why.
std::vector<Emoji> chosenEmoji(const std::vector<Emoji>& all, const EmojiChoice& choice);

}  // namespace loom
