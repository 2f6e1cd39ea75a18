#include "messages/html.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace causeway::html {
namespace {

constexpr std::array kept{"a",  "b",  "blockquote", "br", "caption", "code",   "del",     "details", "div",   "em",
                          "h1", "h2", "h3",         "h4", "h5",      "h6",     "hr",      "i",       "img",   "li",
                          "ol", "p",  "pre",        "s",  "span",    "strong", "sub",     "sup",     "table", "tbody",
                          "td", "th", "thead",      "tr", "u",       "ul",     "summary", "strike",  "font"};
constexpr std::array without_content{"br", "hr", "img"};
/// Their content is nothing to be read, or is no text to a browser.
constexpr std::array dropped_whole{"script",  "style",    "head",     "title",    "iframe",   "noscript",
                                   "noembed", "noframes", "template", "textarea", "xmp",      "select",
                                   "object",  "svg",      "math",     "mx-reply", "plaintext"};
constexpr std::array link_schemes{"https:", "http:", "ftp:", "mailto:", "magnet:", "matrix:"};

template <std::size_t Count>
bool is_one_of(const std::array<const char*, Count>& list, std::string_view x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

std::string lowered(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// How long the character reference at the beginning is, with its semicolon; 0: there is none.
std::size_t reference_length(std::string_view text) {
  constexpr std::size_t longest = 32;
  const auto end = text.substr(0, longest).find(';');
  if (end == text.npos || end < 2) return 0;
  const auto name = text.substr(1, end - 1);
  const bool is_number = name[0] == '#';
  const auto letters = is_number ? name.substr(1) : name;
  const auto fits = [](char c) { return is_letter(c) || is_digit(c); };
  return !letters.empty() && std::all_of(letters.begin(), letters.end(), fits) ? end + 1 : 0;
}

void write_escaped(std::string& out, std::string_view text, bool in_attribute) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = text[at];
    if (c == '&') {
      const auto length = reference_length(text.substr(at));
      if (length == 0) out += "&amp;";
      else out += text.substr(at, length);
      at += std::max<std::size_t>(length, 1);
      continue;
    }
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"' && in_attribute) out += "&quot;";
    else if (c != '\0') out += c;
    ++at;
  }
}

struct attribute {
  std::string name;
  std::string_view value;
};
struct tag {
  std::string name;
  bool is_end = false;
  std::vector<attribute> attributes;
};

/// Looked at of one tag.
constexpr std::size_t attributes_max = 20;

bool is_number(std::string_view x) { return !x.empty() && x.size() <= 5 && std::all_of(x.begin(), x.end(), is_digit); }

bool is_kept(std::string_view element, const attribute& a) {
  const auto& name = a.name;
  // The scheme stands there as it is: no character reference can make another one of it.
  if (element == "a" && name == "href") {
    const auto begin = lowered(a.value.substr(0, 8));
    return std::any_of(link_schemes.begin(), link_schemes.end(), [&](const char* x) { return begin.starts_with(x); });
  }
  if (element == "img") {
    if (name == "src") return a.value.starts_with("mxc://");
    return name == "alt" || name == "title" || ((name == "width" || name == "height") && is_number(a.value));
  }
  if (element == "ol") return name == "start" && is_number(a.value);
  if (element == "code") return name == "class" && a.value.starts_with("language-");
  if (element == "div") return name == "data-mx-maths";
  if (element == "span" || element == "font")
    return name == "data-mx-color" || name == "data-mx-bg-color" ||
           (element == "span" && (name == "data-mx-spoiler" || name == "data-mx-maths"));
  return false;
}

class reader {
public:
  explicit reader(std::string_view text) : text_(text) {}

  std::string read() {
    while (at_ < text_.size()) {
      const auto next = text_.find('<', at_);
      write_escaped(out_, text_.substr(at_, next == text_.npos ? text_.npos : next - at_), false);
      if (next == text_.npos) break;
      at_ = next;
      if (!markup()) {
        out_ += "&lt;";
        ++at_;
      }
    }
    while (!open_.empty()) close();
    return std::move(out_);
  }

private:
  /// What begins with `<` here; false: it is text.
  bool markup() {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("<!--")) {
      const auto end = rest.find("-->", 4);
      at_ = end == rest.npos ? text_.size() : at_ + end + 3;
      return true;
    }
    if (rest.starts_with("<!") || rest.starts_with("<?")) {
      const auto end = rest.find('>');
      at_ = end == rest.npos ? text_.size() : at_ + end + 1;
      return true;
    }
    auto x = read_tag();
    if (!x) return false;
    if (is_one_of(dropped_whole, x->name)) {
      if (!x->is_end) skip_content(x->name);
    } else if (is_one_of(kept, x->name)) {
      if (x->is_end) end(x->name);
      else begin(*x);
    }
    return true;
  }

  /// Takes a tag, or nothing.
  std::optional<tag> read_tag() {
    auto at = at_ + 1;
    tag x;
    x.is_end = at < text_.size() && text_[at] == '/';
    if (x.is_end) ++at;
    if (at >= text_.size() || !is_letter(text_[at])) return {};
    const auto from = at;
    while (at < text_.size() && !is_blank(text_[at]) && text_[at] != '/' && text_[at] != '>') ++at;
    x.name = lowered(text_.substr(from, at - from));
    while (at < text_.size() && text_[at] != '>') {
      if (is_blank(text_[at]) || text_[at] == '/') {
        ++at;
        continue;
      }
      auto a = read_attribute(at);
      if (x.attributes.size() < attributes_max) x.attributes.push_back(std::move(a));
    }
    at_ = std::min(at + 1, text_.size()); // one that does not end takes all that follows, as in a browser
    return x;
  }

  attribute read_attribute(std::size_t& at) const {
    const auto from = at++; // whatever its first character is
    while (at < text_.size() && !is_blank(text_[at]) && text_[at] != '/' && text_[at] != '>' && text_[at] != '=') ++at;
    attribute a{lowered(text_.substr(from, at - from)), {}};
    auto after = at;
    while (after < text_.size() && is_blank(text_[after])) ++after;
    if (after >= text_.size() || text_[after] != '=') return a;
    at = after + 1;
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at >= text_.size()) return a;
    const auto quote = text_[at];
    const bool is_quoted = quote == '"' || quote == '\'';
    const auto begin = is_quoted ? at + 1 : at;
    auto end = begin;
    while (end < text_.size() && (is_quoted ? text_[end] != quote : !is_blank(text_[end]) && text_[end] != '>')) ++end;
    a.value = text_.substr(begin, end - begin);
    at = is_quoted ? std::min(end + 1, text_.size()) : end;
    return a;
  }

  void skip_content(const std::string& name) {
    if (name == "plaintext") at_ = text_.size();
    for (std::size_t depth = 1; depth > 0 && at_ < text_.size();) {
      const auto next = text_.find('<', at_);
      if (next == text_.npos) at_ = text_.size();
      else {
        at_ = next;
        const auto x = read_tag();
        if (!x) ++at_;
        else if (x->name == name) depth = x->is_end ? depth - 1 : depth + 1;
      }
    }
  }

  void begin(const tag& x) {
    const bool is_single = is_one_of(without_content, x.name);
    if (!is_single && open_.size() >= depth_max) return;
    out_ += "<" + x.name;
    std::vector<std::string_view> written;
    for (const auto& a : x.attributes) {
      if (!is_kept(x.name, a) || std::find(written.begin(), written.end(), a.name) != written.end()) continue;
      written.push_back(a.name);
      out_ += " " + a.name + "=\"";
      write_escaped(out_, a.value, true);
      out_ += '"';
    }
    out_ += ">";
    if (!is_single) open_.push_back(x.name);
  }

  void end(const std::string& name) {
    if (std::find(open_.begin(), open_.end(), name) == open_.end()) return;
    while (open_.back() != name) close();
    close();
  }

  void close() {
    out_ += "</" + open_.back() + ">";
    open_.pop_back();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<std::string> open_;
};

} // namespace

std::string sanitized(std::string_view text) { return reader{text}.read(); }

} // namespace causeway::html
