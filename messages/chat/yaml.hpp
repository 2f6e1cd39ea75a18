#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// YAML, written. Keys keep the order they were added in.
namespace causeway::yaml {

class node {
public:
  node() = default; ///< an empty map
  node(std::string_view text) : is_(kind::scalar), text_(quoted(text)) {}
  node(const char* text) : node(std::string_view{text}) {}
  node(const std::string& text) : node(std::string_view{text}) {}
  node(bool x) : is_(kind::scalar), text_(x ? "true" : "false") {}
  node(std::uint64_t x) : is_(kind::scalar), text_(std::to_string(x)) {}
  node(std::int64_t x) : is_(kind::scalar), text_(std::to_string(x)) {}
  node(std::initializer_list<std::pair<const char*, node>> entries) {
    for (const auto& [key, value] : entries) entries_.emplace_back(key, value);
  }
  /// Written as it stands: a number, null.
  static node plain(std::string text) {
    node x;
    x.is_ = kind::scalar;
    x.text_ = std::move(text);
    return x;
  }
  static node list(std::vector<node> items = {}) {
    node x;
    x.is_ = kind::list;
    for (auto& each : items) x.entries_.emplace_back("", std::move(each));
    return x;
  }

  /// The value of a key, which is added where there is none.
  node& operator[](std::string_view key);
  void push_back(node x) { entries_.emplace_back("", std::move(x)); }
  bool empty() const { return is_ != kind::scalar && entries_.empty(); }

  std::string print() const;

private:
  enum class kind : std::uint8_t { map, list, scalar };
  static std::string quoted(std::string_view text);
  void print(std::string& out, std::size_t indent, bool in_list) const;

  kind is_ = kind::map;
  std::string text_;
  std::vector<std::pair<std::string, node>> entries_;
};

} // namespace causeway::yaml
