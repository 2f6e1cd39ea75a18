#include "plugin/admin/verbs.hpp"

#include "messages/dead_letter_id.hpp"

#include <array>
#include <memory>
#include <utility>

namespace causeway::admin {

namespace {

void list_dead_letters(desk& at, const job& work) {
  at.gather(work, {{{"dead_letters", store::list_dead_letters{{}, store::dead_letters_kept_max}}}, {}, false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::dead_letters(f, j.with)); });
}

void show_dead_letter(desk& at, const job& work) {
  const auto place = dead_letter_place_of(work.with.letter);
  if (!place)
    return at.refuse(work, {fault_code::invalid_param, "\"" + work.with.letter + "\" is no id of a dead letter"});
  at.gather(work, {{{"letter", store::load_dead_letter{*place}}}, {}, false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::dead_letter(f, j.with.letter)); });
}

/// The chat server's own command, under no id: nobody waits for its RESULT.
template <class Command>
void change_dead_letter(desk& at, const job& work) {
  const auto place = dead_letter_place_of(work.with.letter);
  if (!place)
    return at.refuse(work, {fault_code::invalid_param, "\"" + work.with.letter + "\" is no id of a dead letter"});
  Command wanted;
  wanted.id = work.with.letter;
  store::list_dead_letters question{store::dead_letter_place{place->stream, place->cursor - 1}, 1};
  at.gather(
    work, {{{"dead_letters", question}}, {}, false},
    [place = *place, wanted](desk& d, const job& j, const query_results& f) {
      namespace json = matrix::json;
      const auto* listed = f.find<store::dead_letters_listed>("dead_letters");
      if (!listed) return d.refuse(j, f.why_not("dead_letters"));
      if (listed->letters.empty() || listed->letters.front().at != place)
        return d.refuse(j, {fault_code::not_found, "there is no dead letter " + wanted.id});
      d.node().tell({actor_kind::directory, ""}, command_received{{}, std::make_shared<const chat::command>(wanted)});
      d.answer(j, json::object{{"id", json::value{wanted.id}}, {"event", json::value{listed->letters.front().name}}});
    });
}

} // namespace

std::span<const verb> dead_letter_verbs() {
  static constexpr std::array<verb, 4> all = {{
    {{"dead_letters", false, "", "Notifications the chat server has refused for good."}, &list_dead_letters},
    {{"dead_letter.show", false, "letter", "One of them, and what it is about."}, &show_dead_letter},
    {{"dead_letter.retry", true, "letter", "Sends one of them to the chat server again, as its newest notification."},
     &change_dead_letter<chat::dead_letter_retry>},
    {{"dead_letter.drop", true, "letter", "Forgets one of them."}, &change_dead_letter<chat::dead_letter_drop>},
  }};
  return all;
}

} // namespace causeway::admin
