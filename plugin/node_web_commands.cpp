#include "plugin/node_web_commands.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/verbs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <set>
#include <utility>

namespace causeway {

namespace {

namespace json = matrix::json;

/// Rows of a live list; the page shows no more either.
constexpr std::int64_t live_rows_max = 20'000;

/// Puts the arguments that are given into their members. A query has texts only: there "true" and "20" mean what they
/// say.
class argument_reader {
public:
  explicit argument_reader(const json::object& given) : given_(given) {}

  template <class T>
  void optional(std::string_view name, T& member, std::string_view = {}, const edge::field& = {}) {
    const auto* x = given_.find(name);
    if (!x || x->is_null()) return;
    read_.insert(std::string{name});
    if (!take(*x, member)) wrong_ = std::string{name};
  }
  /// Name of what is wrong or unknown; empty: nothing.
  std::string wrong() const {
    if (!wrong_.empty()) return wrong_;
    for (const auto& [key, x] : given_)
      if (!read_.contains(key)) return key;
    return {};
  }

private:
  static bool take(const json::value& x, std::string& into) {
    if (const auto* text = x.as_string()) into = *text;
    return x.as_string() != nullptr;
  }
  static bool take(const json::value& x, bool& into) {
    if (const auto* flag = x.as_bool()) return into = *flag, true;
    const auto* text = x.as_string();
    if (!text || (*text != "true" && *text != "false" && *text != "1" && *text != "0")) return false;
    into = *text == "true" || *text == "1";
    return true;
  }
  template <std::integral T>
  static bool take(const json::value& x, T& into) {
    std::int64_t n = 0;
    if (const auto* number = x.as_integer()) {
      n = *number;
    } else if (const auto* text = x.as_string()) {
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), n);
      if (error != std::errc{} || end != text->data() + text->size()) return false;
    } else {
      return false;
    }
    if (!std::in_range<T>(n)) return false;
    into = static_cast<T>(n);
    return true;
  }
  template <class T>
  static bool take(const json::value& x, std::optional<T>& into) {
    T one{};
    if (!take(x, one)) return false;
    into = std::move(one);
    return true;
  }
  static bool take(const json::value& x, std::vector<std::string>& into) {
    if (const auto* one = x.as_string()) return into = {*one}, true;
    const auto* list = x.as_array();
    if (!list) return false;
    for (const auto& each : *list) {
      const auto* text = each.as_string();
      if (!text) return false;
      into.push_back(*text);
    }
    return true;
  }

  const json::object& given_;
  std::set<std::string, std::less<>> read_;
  std::string wrong_;
};

result<json::object> given_arguments(const inspector::question& x) {
  json::object given;
  for (const auto& [key, text] : x.query) given.set(key, text);
  if (!x.may_change) return given;
  auto body = json::parse(x.body.empty() ? "{}" : x.body);
  if (!body) return body.error();
  const auto* object = body->as_object();
  if (!object) return fault{fault_code::bad_json, "the body is no JSON object"};
  for (const auto& [key, value] : *object) given.set(key, value);
  return given;
}

int status_of(const std::string& fault_body) {
  const auto body = json::parse(fault_body);
  const auto* code = body ? body->find_string("code") : nullptr;
  const auto* known = code ? find_fault(*code) : nullptr;
  if (!known) return 500;
  switch (known->code) {
  case fault_code::unknown_command: return 404;
  case fault_code::role_denied: return 403;
  case fault_code::bad_body: return 400;
  case fault_code::overloaded: return 503;
  case fault_code::timed_out: return 504;
  default: return known->http_status;
  }
}

inspector::answer refused(const fault& why) {
  auto body = admin::fault_json(why);
  return {status_of(body), "application/json", std::move(body)};
}

inspector::answer all_commands(const admin::admin_service& admin) {
  json::array list;
  for (const auto& x : admin::verbs())
    if (admin.answers(x.info.name))
      list.emplace_back(json::object{
        {"name", x.info.name}, {"changes", x.info.changes}, {"required", x.info.required}, {"doc", x.info.doc}});
  return {200, "application/json", json::canonical(json::object{{"commands", std::move(list)}})};
}

/// A live list: which verb tells it, and what names a row.
struct live_list {
  std::string_view topic, verb, rows;
  std::array<std::string_view, 2> key;
};
constexpr std::array<live_list, 9> live_lists = {{
  {"status", "status", "alarms", {"name", {}}},
  {"servers", "servers", "servers", {"server_name", {}}},
  {"rooms", "rooms", "rooms", {"room_id", {}}},
  {"invites", "invites", "invitations", {"room_id", "user_id"}},
  {"invitations", "invites", "invitations", {"room_id", "user_id"}},
  {"dead_letters", "dead_letters", "dead_letters", {"id", {}}},
  {"edge", "edge", "peers", {"peer", {}}},
  {"streams", "streams", "streams", {"stream", {}}},
  {"nodes", "nodes", "nodes", {"incarnation", {}}},
}};

std::string key_of(const json::value& row, const live_list& of) {
  std::string key;
  for (const auto name : of.key) {
    if (name.empty()) continue;
    if (!key.empty()) key += '|';
    if (const auto* text = row.find_string(name)) key += *text;
    else if (const auto* number = row.find_integer(name)) key += std::to_string(*number);
  }
  return key;
}

std::optional<inspector::topic_rows> rows_of(const std::string& body, const live_list& of) {
  const auto parsed = json::parse(body);
  const auto* list = parsed ? parsed->find_array(of.rows) : nullptr;
  if (!list) return std::nullopt;
  inspector::topic_rows out;
  out.rows.reserve(list->size());
  for (const auto& row : *list) out.rows.push_back({key_of(row, of), json::canonical(row)});
  if (const auto* total = parsed->find_integer("total"); total && *total > static_cast<std::int64_t>(list->size()))
    out.is = inspector::topic_rows::extent::clipped;
  return out;
}

/// What is known to fail stays so, whatever the command says of it.
void add_checks(std::vector<inspector::health_check>& known, const json::array& told) {
  for (const auto& row : told) {
    const auto text = [&row](std::string_view key) {
      const auto* x = row.find_string(key);
      return x ? *x : std::string{};
    };
    const auto state = text("state"), todo = text("do");
    inspector::health_check x{text("name"), state == "ok" || state == "warning", {}};
    if (state != "ok") x.what = text("what") + (todo.empty() ? "" : " " + todo);
    const auto at = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.name == x.name; });
    if (at == known.end()) known.push_back(std::move(x));
    else if (at->passes) *at = std::move(x);
  }
}

} // namespace

void ask_command(admin::admin_service& admin, const inspector::question& x, inspector::answer_function done) {
  if (x.verb == "commands" && !x.may_change) return done(all_commands(admin));
  const auto* found = admin::find_verb(x.verb);
  if (!found) return done(refused({fault_code::unknown_command, "there is no command \"" + x.verb + "\""}));
  auto given = given_arguments(x);
  if (!given) return done(refused(given.error()));
  // One token for all: who it was is not known.
  if (x.may_change) given->set("by", "web inspector");
  admin::arguments with;
  argument_reader reader{*given};
  admin::arguments::fields(reader, with);
  if (const auto wrong = reader.wrong(); !wrong.empty())
    return done(refused({fault_code::bad_body, wrong + ": there is no such argument, or it is not of its kind"}));
  const auto* reason = given->find("reason");
  if (x.may_change && found->info.changes && (!reason || !reason->as_string() || reason->as_string()->empty()))
    return done(refused({fault_code::missing_param, "reason: say why; it stands in the audit"}));
  const auto who = x.may_change ? edge::role::admin : edge::role::inspector;
  admin.ask(who, x.verb, admin::encode_arguments(with), [done = std::move(done)](bool succeeded, std::string body) {
    const int code = succeeded ? 200 : status_of(body);
    done({code, "application/json", std::move(body)});
  });
}

void ask_checks(admin::admin_service& admin, std::vector<inspector::health_check> known,
                std::function<void(std::vector<inspector::health_check>)> done) {
  admin.ask(edge::role::inspector, "check", admin::encode_arguments({}),
            [known = std::move(known), done = std::move(done)](bool succeeded, const std::string& body) mutable {
              const auto parsed = json::parse(body);
              const auto* list = succeeded && parsed ? parsed->find_array("checks") : nullptr;
              if (list) add_checks(known, *list);
              else known.push_back({"check", false, "`causeway check` is not answered"});
              done(std::move(known));
            });
}

void poll_list(admin::admin_service& admin, const std::string& topic, std::function<void(inspector::late_rows)> done) {
  const auto* of = std::find_if(live_lists.begin(), live_lists.end(), [&](const auto& x) { return x.topic == topic; });
  if (of == live_lists.end() || !admin::find_verb(of->verb)) return done([] { return std::nullopt; });
  admin::arguments with;
  with.limit = live_rows_max;
  with.all = of->verb == "invites";
  admin.ask(edge::role::inspector, of->verb, admin::encode_arguments(with),
            [of, done = std::move(done)](bool succeeded, std::string body) {
              done([of, succeeded, text = std::move(body)]() -> std::optional<inspector::topic_rows> {
                return succeeded ? rows_of(text, *of) : std::nullopt;
              });
            });
}

} // namespace causeway
