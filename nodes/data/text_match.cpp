#include "nodes/data/text_match.h"

#include <algorithm>

namespace loom {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// Greedy matching with one place to go back to: linear in practice, never exponential.
bool globMatches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::vector<std::string> commaList(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const size_t first = part.find_first_not_of(" \t\n"), last = part.find_last_not_of(" \t\n");
    if (first != std::string_view::npos) parts.emplace_back(part.substr(first, last - first + 1));
  }
  return parts;
}

bool textMatches(std::string_view pattern, std::string_view text) {
  const std::string p = lowered(pattern), t = lowered(text);
  if (p.find('*') != std::string::npos) return globMatches(p, t);
  return t == p || (t.starts_with(p) && t[p.size()] == ' ');
}

bool anyMatches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& p) { return textMatches(p, text); });
}

std::string listed(const std::vector<std::string>& texts, size_t most) {
  std::string all;
  for (size_t i = 0; i < std::min(most, texts.size()); ++i) all += (i ? ", " : "") + texts[i];
  return texts.size() > most ? all + ", …" : all;
}

}  // namespace loom
