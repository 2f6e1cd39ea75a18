#include "messages/chat/contract_tables.hpp"

#include "messages/chat/description.hpp"
#include "messages/edge/header.hpp"
#include "messages/edge/packing.hpp"
#include "messages/invitation_transitions.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace causeway::chat {
namespace {

using field_type = field_description::type;

/// 61440 -> "61,440"
std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string code(const std::string& text) { return '`' + text + '`'; }

/// "a, b or c"
std::string one_of(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return out;
}

std::string type_of(const field_description& x) {
  if (!x.words.empty()) return one_of(x.words);
  switch (x.is) {
  case field_type::id: return "id";
  case field_type::user: return "user";
  case field_type::bytes: return "bytes";
  case field_type::boolean: return "boolean";
  case field_type::number: return "number";
  case field_type::texts_by_text: return "{text: text}";
  case field_type::numbers_by_text: return "{text: number}";
  case field_type::map: return x.inner->name;
  case field_type::text:
  case field_type::word: break;
  }
  if (x.bounds.has == edge::form::mxc) return "mxc://server/media_id";
  if (x.bounds.has == edge::form::media_type) return "media type";
  if (x.bounds.has == edge::form::server_pattern) return "server, or `*.`domain";
  return "text";
}

/// Type, bounds and, of what the broker reads, the default: the second column.
std::string column(const field_description& x, bool written_by_broker) {
  auto out = x.is_list ? '[' + type_of(x) + ']' : type_of(x);
  if (x.bounds.entries_max != edge::bytes_unbounded) out += ", at most " + grouped(x.bounds.entries_max);
  const bool in_bytes = x.is == field_type::text || x.is == field_type::bytes || x.is == field_type::texts_by_text;
  if (in_bytes && x.bounds.bytes_max != edge::bytes_unbounded)
    out += (x.is == field_type::texts_by_text ? " of " : ", at most ") + grouped(x.bounds.bytes_max) + " bytes";
  if (x.bounds.least > 0) out += " from " + grouped(x.bounds.least) + " to " + grouped(x.bounds.most);
  if (!written_by_broker && !x.required && !x.by_default.empty() && x.by_default != "0") {
    const bool quoted = x.by_default.front() == '"';
    out += "; default " + (quoted ? x.by_default.substr(1, x.by_default.size() - 2) : x.by_default);
  }
  return out;
}

/// Columns of a paragraph.
constexpr std::size_t width = 120;

std::string wrapped(std::string_view text) {
  std::string out;
  while (text.size() > width) {
    const auto cut = text.rfind(' ', width);
    if (cut == std::string_view::npos) break;
    out += std::string{text.substr(0, cut)} + '\n';
    text.remove_prefix(cut + 1);
  }
  return out += text;
}

/// Rows of a table. In what the broker writes a mark means that the key may not be there, else that it need not be.
std::string rows(const map_description& of, bool written_by_broker, const std::string& before = "") {
  std::string out;
  for (const auto& x : of.fields) {
    const bool may_be_absent = written_by_broker ? !x.always_there : !x.required;
    out += "| " + before + code(x.key) + (may_be_absent ? "?" : "") + " | " + column(x, written_by_broker) + " | " +
           x.says + " |\n";
  }
  return out;
}

std::string faults_of(const command_description& x) {
  std::string out;
  for (const auto& each : x.faults)
    out += (out.empty() ? "" : "; ") + code(std::string{info(each.code).name}) + ": " + each.says;
  return out.empty() ? out : "\n" + wrapped(out + ".") + "\n";
}

std::string commands() {
  std::string out;
  for (const auto& x : described_commands()) {
    out +=
      "\n#### " + code(x.name) + "\n\n" + wrapped(x.says) + "\n\n| field | | |\n|---|---|---|\n" + rows(x.body, false);
    if (x.answer.fields.empty()) out += "| **answer** | an empty map | |\n";
    else out += "| **answer** | | |\n" + rows(x.answer, true);
    out += faults_of(x);
  }
  return out + "\n";
}

std::string events() {
  std::string out;
  for (const auto& x : described_events())
    out += "\n#### " + code(x.name) + (x.is_durable ? "" : " (ephemeral)") + "\n\n" + wrapped(x.says) +
           "\n\n| field | | |\n|---|---|---|\n" + rows(x.body, true);
  return out + "\n";
}

std::string maps() {
  std::string out;
  for (const auto* x : described_maps()) {
    if (x->name == "credit" || x->name == "bindings") continue; // of headers, and of the ACK
    out += "\n#### " + x->name + "\n\n| field | | |\n|---|---|---|\n" + rows(*x, x->name != "file");
  }
  return out + "\n";
}

/// The keys of a header in one line: `credit` {messages, bytes}, `streams`? [..]
std::string keys(const map_description& of) {
  std::string out;
  for (const auto& x : of.fields) {
    out += (out.empty() ? "" : ", ") + code(x.key) + (x.required ? "" : "?");
    if (x.is_list) out += " [..]";
    if (!x.inner) continue;
    out += " {";
    for (const auto& inner : x.inner->fields) out += (&inner == &x.inner->fields.front() ? "" : ", ") + inner.key;
    out += "}";
  }
  return out;
}

std::string verbs() {
  std::string out = "| verb | byte | from | header | body |\n|---|---|---|---|---|\n";
  for (const auto& x : described_verbs())
    out += "| " + x.name + " | " + code(std::string(1, x.byte)) + " | " + x.from + " | " + keys(x.header) + " | " +
           x.body + " |\n";
  return out;
}

std::string headers() {
  std::string out = "| header | | |\n|---|---|---|\n";
  for (const auto& x : described_verbs()) {
    if (x.name == "PONG") continue; // as PING
    out += rows(x.header, false, x.name + (x.name == "SEEK" ? " of the " + x.from : "") + " ");
  }
  for (const auto& x : described_acknowledgement().fields.front().inner->fields)
    out += "| ACK, `bind`? " + code(x.key) + "? | " + column(x, false) + " | " + x.says + " |\n";
  return out;
}

std::string named(const map_description& in, edge::names what) {
  std::string out;
  for (const auto& x : in.fields)
    if (x.bounds.of == what) out += (out.empty() ? "" : ", ") + code(x.key);
  return out;
}

std::string names() {
  std::string out = "| what comes back | room | users | messages |\n|---|---|---|---|\n";
  const auto row = [&](const std::string& title, const map_description& of) {
    out += "| " + title + " | " + named(of, edge::names::room) + " | " + named(of, edge::names::user) + " | " +
           named(of, edge::names::message) + " |\n";
  };
  for (const auto& x : described_events()) row(code(x.name), x.body);
  for (const auto& x : described_commands())
    if (!(named(x.answer, edge::names::room) + named(x.answer, edge::names::user) +
          named(x.answer, edge::names::message))
           .empty())
      row("answer to " + code(x.name), x.answer);
  for (const auto* x : described_maps())
    if (x->name == "invitation" || x->name == "member" || x->name == "public_room" || x->name == "verified_user" ||
        x->name == "dead_letter_view")
      row("each " + x->name, *x);
  return out;
}

std::string bounds() {
  std::string out = "| what | at most |\n|---|---|\n";
  const auto row = [&](const char* what, std::uint64_t most, const char* of) {
    out += std::string{"| "} + what + " | " + grouped(most) + ' ' + of + " |\n";
  };
  row("a message, its four frames together", limits::chat_frame_bytes_max, "bytes");
  row("a header", edge::header_bytes_max, "bytes");
  row("maps and lists within each other", limits::msgpack_depth_max, "levels");
  row("values in one body", edge::packed_values_max, "");
  row("`id` of a COMMAND", limits::command_id_bytes_max, "bytes, at least 1");
  row("the name of a room, user or message", limits::identifier_bytes_max, "bytes, at least 1");
  row("names in `ignored`", edge::unknown_fields_max, "");
  row("each of them", edge::unknown_field_bytes_max, "bytes");
  row("`reason` of NACK and BYE", edge::reason_bytes_max, "bytes");
  return out;
}

std::string users() {
  std::string out = "| your id | Matrix id at `a.example` |\n|---|---|\n";
  for (const auto* own : {"alice", "rbAXPn", "a_b", "jos\u00e9"})
    out +=
      "| " + code(own) + " | " + code('@' + matrix::localpart_from_name_preserving_case(own) + ":a.example") + " |\n";
  return out;
}

std::string faults() {
  std::string out = "| code | what to do |\n|---|---|\n";
  for (int number = 1; number < 1'000; ++number) {
    const auto& row = info(static_cast<fault_code>(number));
    if (static_cast<int>(row.code) != number) continue;
    out += "| " + code(std::string{row.name}) + " | " + (row.retryable ? "*Repeat.* " : "") +
           std::string{row.what_to_do} + " |\n";
  }
  return out;
}

std::string invitations() {
  std::string out = "| direction | from | to | when | you get |\n|---|---|---|---|---|\n";
  for (const auto& x : invitation_transitions) {
    std::string from;
    for (std::size_t i = 0; i < detail::invitation_states.size(); ++i) {
      const auto state = static_cast<invitation_state>(i);
      if (x.from.has(state)) from += (from.empty() ? "" : ", ") + std::string{i == 0 ? "(new)" : name(state)};
    }
    out += "| " + std::string{name(x.direction)} + " | " + from + " | " + name(x.to) + " | " + x.says + " | ";
    if (x.notice == invitation_notice::changed) out += "`invitation.changed`";
    if (x.notice == invitation_notice::received) out += "`invitation.received`";
    out += " |\n";
  }
  return out;
}

constexpr std::pair<std::string_view, std::string (*)()> tables[] = {
  {"commands", &commands}, {"events", &events}, {"maps", &maps},   {"headers", &headers}, {"verbs", &verbs},
  {"names", &names},       {"bounds", &bounds}, {"users", &users}, {"faults", &faults},   {"invitations", &invitations},
};
constexpr std::string_view begins = "<!-- printed: ", ends = "<!-- /printed -->";

} // namespace

result<std::string> with_tables(std::string_view page) {
  std::string out;
  std::set<std::string_view> missing;
  for (const auto& each : tables) missing.insert(each.first);
  for (;;) {
    const auto begin = page.find(begins);
    if (begin == std::string_view::npos) break;
    const auto name = page.substr(begin + begins.size(), page.find(" -->", begin) - begin - begins.size());
    const auto* table = std::ranges::find(tables, name, [](const auto& each) { return each.first; });
    if (table == std::end(tables)) return {fault_code::invalid_param, "no table is called " + std::string{name}};
    const auto end = page.find(ends, begin);
    if (end == std::string_view::npos)
      return {fault_code::invalid_param, "the table " + std::string{name} + " has no end"};
    out += page.substr(0, page.find('\n', begin) + 1);
    out += table->second();
    out += ends;
    missing.erase(name);
    page.remove_prefix(end + ends.size());
  }
  if (!missing.empty()) return {fault_code::invalid_param, "the page lacks the table " + std::string{*missing.begin()}};
  return out += page;
}

} // namespace causeway::chat
