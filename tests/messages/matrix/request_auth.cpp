#include "messages/matrix/request_auth.hpp"

#include "messages/matrix/base64.hpp"
#include "tests/vectors.hpp"

namespace causeway::matrix {

BOOST_AUTO_TEST_SUITE(request_auth)

BOOST_AUTO_TEST_CASE(signs_requests_byte_for_byte) {
  const auto vectors = test::load_vectors("x_matrix_auth.json");
  const auto spec = test::load_vectors("signing_json_spec.json");
  const auto key = *signing_key::from_seed(base64_decode(test::string_at(spec, "seed_b64")).value(), "ed25519:1");
  for (const auto& x : test::array_at(vectors, "sign")) {
    const auto& method = test::string_at(x, "method");
    const auto& uri = test::string_at(x, "uri");
    const auto* content = test::at(x, "content").is_null() ? nullptr : &test::at(x, "content");
    BOOST_TEST(request_signed_bytes(method, uri, "domain", "remote.example", content) ==
               test::string_at(x, "signed_bytes"));
    const auto header = sign_request(method, uri, "domain", "remote.example", content, key);
    BOOST_TEST(header == test::string_at(x, "header"));
    std::optional<std::string> text;
    if (content) text = json::canonical(*content);
    BOOST_TEST(sign_request_of_text(method, uri, "domain", "remote.example", text, key) == header);
    // And back.
    const auto parsed = parse_x_matrix(header);
    BOOST_REQUIRE(parsed);
    BOOST_TEST(parsed->origin == "domain");
    BOOST_TEST(parsed->destination.value() == "remote.example");
    BOOST_TEST(verify_signature(test::string_at(vectors, "public_key_b64"), parsed->signature,
                                test::string_at(x, "signed_bytes")));
  }
}

BOOST_AUTO_TEST_CASE(reads_headers_of_other_servers) {
  const auto vectors = test::load_vectors("x_matrix_auth.json");
  for (const auto& x : test::array_at(vectors, "parse")) {
    const auto parsed = parse_x_matrix(test::string_at(x, "header"));
    BOOST_REQUIRE_MESSAGE(parsed, test::string_at(x, "header"));
    const auto& wanted = test::at(x, "parsed");
    BOOST_TEST(parsed->origin == test::string_at(wanted, "origin"));
    BOOST_TEST(parsed->key_id == test::string_at(wanted, "key"));
    BOOST_TEST(parsed->signature == test::string_at(wanted, "sig"));
    BOOST_TEST(parsed->destination.has_value() == (wanted.find("destination") != nullptr));
    if (parsed->destination) BOOST_TEST(*parsed->destination == test::string_at(wanted, "destination"));
  }
}

BOOST_AUTO_TEST_CASE(refuses_incomplete_or_malformed_headers) {
  const auto vectors = test::load_vectors("x_matrix_auth.json");
  for (const auto& x : test::array_at(vectors, "parse_reject"))
    BOOST_TEST((parse_x_matrix(*x.as_string()).error().code == fault_code::unauthorized), *x.as_string());
  for (auto header : {R"()",
                      R"(X-Matrixorigin=a,key=ed25519:k,sig=AA)",
                      R"(X-Matrix origin="a,key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin="a",key="ed25519:k",sig="AA)",
                      R"(X-Matrix origin="a",key="ed25519:k",sig="AA\)",
                      R"(X-Matrix origin="a" key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin,key="ed25519:k",sig="AA")",
                      R"(X-Matrix ="a",key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin=,key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin="a",origin="b",key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin="a b",key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin="",key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin="a",key="rsa:k",sig="AA")",
                      R"(X-Matrix origin="a",key="ed25519:k",sig="")",
                      R"(X-Matrix origin="a",destination="@",key="ed25519:k",sig="AA")",
                      R"(X-Matrix ,)",
                      R"(X-Matrix ,,,)",
                      R"(X-Matrix,origin="a",key="ed25519:k",sig="AA")",
                      R"(X-Matrix origin="a",,key="ed25519:k" sig="AA")",
                      R"(X-Matrix origin=,,key="ed25519:k",sig="AA")"})
    BOOST_TEST(!parse_x_matrix(header), header);
}

BOOST_AUTO_TEST_CASE(a_header_with_empty_list_elements_is_read) {
  for (auto header :
       {R"(X-Matrix origin="a",,key="ed25519:k",sig="AA")", R"(X-Matrix ,origin="a",key="ed25519:k",sig="AA")",
        R"(X-Matrix origin="a",key="ed25519:k",sig="AA",)",
        R"(X-Matrix origin="a", , ,key="ed25519:k",	,sig="AA" , )",
        R"(X-Matrix , , origin=a,,,key=ed25519:k,,sig=AA,,,)"}) {
    const auto parsed = parse_x_matrix(header);
    BOOST_REQUIRE_MESSAGE(parsed, header);
    BOOST_TEST(parsed->origin == "a");
    BOOST_TEST(parsed->key_id == "ed25519:k");
    BOOST_TEST(parsed->signature == "AA");
  }
}

BOOST_AUTO_TEST_CASE(a_header_with_an_impossible_origin_is_told_what_is_wrong_with_it) {
  for (auto origin : {"a b", "", "a_b", "a:port", "@alice:a", "a/b", "[::1", "a:99999"}) {
    const auto parsed = parse_x_matrix(std::string{R"(X-Matrix origin=")"} + origin + R"(",key="ed25519:k",sig="AA")");
    BOOST_TEST((parsed.error().code == fault_code::unauthorized));
    BOOST_TEST(parsed.error().detail.find("origin is not a valid server name") != std::string::npos,
               parsed.error().detail);
  }
  BOOST_TEST(parse_x_matrix(R"(X-Matrix key="ed25519:k",sig="AA")").error().detail.find("origin is missing") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_beginning_of_a_header_is_refused_without_harm) {
  const std::string header = R"(X-Matrix origin="a.example",destination="b.example",key="ed25519:k",sig="AA")";
  for (std::size_t size = 0; size < header.size(); ++size)
    BOOST_TEST(!parse_x_matrix(std::string_view{header}.substr(0, size)));
  BOOST_TEST(bool(parse_x_matrix(header)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
