#include "messages/matrix/json.hpp"

#include "tests/vectors.hpp"

#include <limits>
#include <random>

namespace causeway::matrix::json {
BOOST_AUTO_TEST_SUITE(json_writer)

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char byte : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    out += digits[byte >> 4];
    out += digits[byte & 0xf];
  }
  return out;
}

/// Values of every kind and shape, from a seed.
class generator {
public:
  explicit generator(unsigned seed) : random_(seed) {}

  value make(int depth = 0) {
    switch (random_() % (depth > 4 ? 6 : 8)) {
    case 0: return nullptr;
    case 1: return random_() % 2 == 0;
    case 2: return static_cast<std::int64_t>(random_()) - (std::int64_t{1} << 31);
    case 3: return limits::canonical_integer_max * (random_() % 2 == 0 ? 1 : -1);
    case 4: return text();
    case 5: return number_text{std::to_string(random_() % 100) + ".50e-3"};
    case 6: {
      array items;
      for (auto count = random_() % 6; count > 0; --count) items.push_back(make(depth + 1));
      return items;
    }
    default: {
      object members;
      for (auto count = random_() % 8; count > 0; --count) members.set(text(), make(depth + 1));
      return members;
    }
    }
  }

private:
  std::string text() {
    static const std::vector<std::string> pieces{std::string(1, '\0'),
                                                 "\x01",
                                                 "\b",
                                                 "\t",
                                                 "\n",
                                                 "\f",
                                                 "\r",
                                                 "\x1f",
                                                 " ",
                                                 "\"",
                                                 "\\",
                                                 "/",
                                                 "a",
                                                 "Z",
                                                 "\x7f",
                                                 "\xc2\x80",
                                                 "\xc3\xa9",
                                                 "\xe2\x80\xa8",
                                                 "\xef\xbf\xbf",
                                                 "\xf0\x9f\x98\x80",
                                                 "plain words "};
    std::string out;
    for (auto count = random_() % 12; count > 0; --count) out += pieces[random_() % pieces.size()];
    return out;
  }

  std::mt19937 random_;
};

/// The same value as another server might have written it: shuffled members, white space, needless escapes.
class careless_writer {
public:
  explicit careless_writer(unsigned seed) : random_(seed) {}

  void write_value(std::string& out, const value& x) {
    space(out);
    if (const auto* items = x.as_array()) {
      out += '[';
      for (std::size_t i = 0; i < items->size(); ++i) {
        if (i > 0) out += ',';
        write_value(out, (*items)[i]);
      }
      out += ']';
    } else if (const auto* members = x.as_object()) {
      std::vector<const member*> order;
      for (const auto& m : *members) order.push_back(&m);
      std::shuffle(order.begin(), order.end(), random_);
      out += '{';
      for (std::size_t i = 0; i < order.size(); ++i) {
        if (i > 0) out += ',';
        space(out);
        write_text(out, order[i]->key);
        space(out);
        out += ':';
        write_value(out, order[i]->mapped);
      }
      out += '}';
    } else if (const auto* text = x.as_string()) {
      write_text(out, *text);
    } else {
      json::write(out, x);
    }
    space(out);
  }

private:
  void space(std::string& out) { out += std::vector<std::string>{"", " ", "\n", "\t\r"}[random_() % 4]; }
  void write_text(std::string& out, const std::string& text) {
    out += '"';
    for (unsigned char byte : text) {
      if (byte < 0x80 && (byte < 0x20 || byte == '"' || byte == '\\' || random_() % 4 == 0))
        out += "\\u00" + hex({reinterpret_cast<const char*>(&byte), 1});
      else out += static_cast<char>(byte);
    }
    out += '"';
  }

  std::mt19937 random_;
};

} // namespace

BOOST_AUTO_TEST_CASE(canonical_form_of_the_specification) {
  const auto vectors = test::load_vectors("canonical_json_spec.json");
  BOOST_TEST(test::array_at(vectors, "cases").size() == 10u);
  for (const auto& x : test::array_at(vectors, "cases"))
    BOOST_TEST(canonical(test::parse_json(test::string_at(x, "input_text"))) == test::string_at(x, "canonical"),
               test::string_at(x, "name"));
}

BOOST_AUTO_TEST_CASE(strings_of_any_length_and_full_of_escapes_are_written_whole) {
  // Around the sizes at which the writer makes itself more room; the last one takes a minute where it does so for each.
  for (const std::size_t size : {0u, 1u, 1'000u, 1'015u, 1'020u, 1'021u, 1'022u, 1'023u, 1'024u, 2'047u, 4'000'000u}) {
    const std::string quotes(size, '"'), plain(size, 'x');
    std::string escaped;
    for (std::size_t i = 0; i < size; ++i) escaped += "\\\"";
    BOOST_TEST(
      (canonical(object{{"a", quotes}, {"b", plain}}) == "{\"a\":\"" + escaped + "\",\"b\":\"" + plain + "\"}"));
    std::string out = "before ";
    write_string(out, plain + quotes);
    BOOST_TEST((out == "before \"" + plain + escaped + '"'));
    out = "before ";
    write(out, value{array{plain, quotes}});
    write_as_it_came(out, value{number_text{"1e2"}});
    BOOST_TEST((out == "before [\"" + plain + "\",\"" + escaped + "\"]1e2"));
  }
  BOOST_TEST(canonical(value{std::numeric_limits<std::int64_t>::min()}) == "-9223372036854775808");
}

BOOST_AUTO_TEST_CASE(members_are_found_in_small_objects_and_in_large_ones) {
  object members;
  for (int i = 0; i < 20; ++i) {
    const auto key = std::to_string(i * 7 % 20);
    BOOST_TEST(!members.contains(key));
    members.set(key, i);
    for (int j = 0; j <= i; ++j) BOOST_TEST(*members.find(std::to_string(j * 7 % 20))->as_integer() == j);
    BOOST_TEST(!members.contains(""));
    BOOST_TEST(!members.contains("x"));
  }
  members.set("", true);
  BOOST_TEST(members.contains(std::string_view{}));
}

BOOST_AUTO_TEST_CASE(canonical_form_in_the_corners) {
  const auto vectors = test::load_vectors("canonical_json_extra.json");
  for (const auto& x : test::array_at(vectors, "accept")) {
    auto parsed = parse(test::string_at(x, "input_text"), number_policy::strict);
    BOOST_REQUIRE_MESSAGE(parsed, test::string_at(x, "name"));
    BOOST_TEST(canonical(*parsed) == test::string_at(x, "canonical"), test::string_at(x, "name"));
    BOOST_TEST(hex(canonical(*parsed)) == test::string_at(x, "canonical_hex"), test::string_at(x, "name"));
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_are_no_canonical_integers_keep_their_text) {
  for (auto text : {"1.0", "-0.0", "1.5", "-0.50", "1e-2", "1.0e5", "1e+16", "1e400", "1e99999999999999999999",
                    "9007199254740992", "-9007199254740992", "9007199254740992e0", "-9223372036854775808e0",
                    "123456789012345678901234567890", "123456789012345678901234567890e1"})
    BOOST_TEST(canonical(test::parse_json(text)) == text);
}

BOOST_AUTO_TEST_CASE(integers_written_with_an_exponent_lose_it) {
  const std::vector<std::pair<std::string, std::string>> cases{{"-0", "0"},
                                                               {"0e0", "0"},
                                                               {"-0E+5", "0"},
                                                               {"0e99", "0"},
                                                               {"1e3", "1000"},
                                                               {"-12E+1", "-120"},
                                                               {"9007199254740991e0", "9007199254740991"},
                                                               {"1e015", "1000000000000000"}};
  for (const auto& [text, wanted] : cases) BOOST_TEST(canonical(test::parse_json(text)) == wanted, text);
}

BOOST_AUTO_TEST_CASE(every_value_round_trips_through_its_canonical_form) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const auto x = generator{seed}.make();
    const auto text = canonical(x);
    auto parsed = parse(text);
    BOOST_REQUIRE_MESSAGE(parsed, "seed " << seed);
    BOOST_REQUIRE_MESSAGE(*parsed == x, "seed " << seed);
    BOOST_REQUIRE_MESSAGE(canonical(*parsed) == text, "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(canonical_form_does_not_depend_on_how_a_value_was_written) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const auto x = generator{seed}.make();
    std::string careless;
    careless_writer{seed}.write_value(careless, x);
    auto parsed = parse(careless);
    BOOST_REQUIRE_MESSAGE(parsed, "seed " << seed);
    BOOST_REQUIRE_MESSAGE(canonical(*parsed) == canonical(x), "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix::json
