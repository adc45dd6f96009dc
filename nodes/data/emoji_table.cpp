#include "nodes/data/emoji_table.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/core/error.h"
#include "nodes/data/text_match.h"

namespace loom {
namespace {

constexpr size_t kMostCodes = 32;  // the longest sequence there is has ten

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

std::optional<std::u32string> codesOf(std::string_view text) {
  std::u32string codes;
  while (!(text = trimmed(text)).empty()) {
    uint32_t code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code, 16);
    if (error != std::errc() || code > 0x10FFFF || codes.size() == kMostCodes) return std::nullopt;
    codes.push_back(code);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
  return codes;
}

// "1F600 ; fully-qualified # 😀 E1.0 grinning face": the name is what follows picture and version.
std::optional<Emoji> entryOf(std::string_view line) {
  const size_t semicolon = line.find(';'), hash = line.find('#');
  if (semicolon == std::string_view::npos || hash == std::string_view::npos || hash < semicolon)
    return std::nullopt;
  if (trimmed(line.substr(semicolon + 1, hash - semicolon - 1)) != "fully-qualified") return std::nullopt;
  const auto codes = codesOf(line.substr(0, semicolon));
  if (!codes || codes->empty()) return std::nullopt;
  std::string_view rest = trimmed(line.substr(hash + 1));
  for (int word = 0; word < 2; ++word) {
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest = trimmed(rest.substr(space));
  }
  Emoji emoji;
  emoji.codes = *codes;
  emoji.name = rest;
  return emoji;
}

bool isClockFace(const Emoji& emoji) {
  return emoji.subgroup == "time" && (emoji.name.ends_with("o’clock") || emoji.name.ends_with("-thirty"));
}

bool keptWhenThinned(const Emoji& emoji) {
  if (isClockFace(emoji))
    return emoji.name.ends_with("o’clock") &&
           (emoji.name.starts_with("twelve") || emoji.name.starts_with("three") ||
            emoji.name.starts_with("six") || emoji.name.starts_with("nine"));
  return !emoji.name.starts_with("family: ");  // "family" itself stays
}

std::vector<std::string> distinct(const std::vector<Emoji>& all, std::string Emoji::*text) {
  std::vector<std::string> texts;
  for (const Emoji& emoji : all)
    if (texts.empty() || texts.back() != emoji.*text) texts.push_back(emoji.*text);
  return texts;
}

void checkKnown(const std::vector<std::string>& patterns, const std::vector<std::string>& known,
                const char* what) {
  for (const std::string& pattern : patterns)
    if (std::none_of(known.begin(), known.end(),
                     [&](const std::string& k) { return textMatches(pattern, k); }))
      throw Error("no emoji " + std::string(what) + " is called \"" + pattern +
                  "\"; there are: " + listed(known, 120));
}

}  // namespace

bool Emoji::skinTone() const {
  return std::any_of(codes.begin(), codes.end(), [](char32_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; });
}

std::vector<Emoji> parseEmojiTable(std::string_view text) {
  constexpr std::string_view kGroup = "# group:", kSubgroup = "# subgroup:";
  std::vector<Emoji> all;
  std::string group, subgroup;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.starts_with(kGroup)) {
      group = trimmed(line.substr(kGroup.size()));
    } else if (line.starts_with(kSubgroup)) {
      subgroup = trimmed(line.substr(kSubgroup.size()));
    } else if (auto emoji = line.starts_with('#') ? std::nullopt : entryOf(line)) {
      emoji->group = group;
      emoji->subgroup = subgroup;
      all.push_back(std::move(*emoji));
    }
  }
  if (all.empty())
    throw Error("this table of emoji has no fully-qualified entry; it should be Unicode's emoji-test.txt");
  return all;
}

std::vector<Emoji> chosenEmoji(const std::vector<Emoji>& all, const EmojiChoice& choice) {
  checkKnown(choice.groups, distinct(all, &Emoji::group), "group");
  checkKnown(choice.subgroups, distinct(all, &Emoji::subgroup), "subgroup");
  std::vector<Emoji> chosen;
  for (const Emoji& emoji : all) {
    if (!choice.groups.empty() && !anyMatches(choice.groups, emoji.group)) continue;
    if (!choice.subgroups.empty() && !anyMatches(choice.subgroups, emoji.subgroup)) continue;
    if (!choice.skinTones && emoji.skinTone()) continue;
    if (!choice.flags && emoji.flag()) continue;
    if (choice.thin && !keptWhenThinned(emoji)) continue;
    chosen.push_back(emoji);
  }
  if (chosen.empty())
    throw Error(choice.flags
                    ? "no emoji is in these groups and subgroups at once"
                    : "no emoji is left: nothing is in these groups and subgroups at once, or they hold only "
                      "flags and flags are off");
  return chosen;
}

}  // namespace loom
