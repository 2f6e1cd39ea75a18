// The one translation unit with Boost.Test's main().
#define BOOST_TEST_MODULE causeway
#include <boost/test/unit_test.hpp>
