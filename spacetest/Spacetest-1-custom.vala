// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// For suites in C, which introspection leaves out, and in Vala, which becomes C.
namespace Spacetest {
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "st_test_init")]
	public static void test_init ([CCode (array_length_pos = 0.9)] ref unowned string[] args, ...);
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "st_test_require")]
	public static bool test_require (Spacetest.NamespaceType types);
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "st_test_get_space")]
	public static unowned Spacetest.Space? test_get_space ();
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "st_test_add_in")]
	public static void test_add_in (string path, Spacetest.NamespaceType types, Spacetest.TestBody test);
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "st_test_add_in_space")]
	public static void test_add_in_space (string path, Spacetest.Space space, Spacetest.TestBody test);
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "ST_TEST_CAPTURE")]
	public static void test_capture (Spacetest.Space space, string? interface_name = null);
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "st_test_assert_nothing_leaked")]
	public static void test_assert_nothing_leaked ();
	[CCode (cheader_filename = "spacetest/spacetest.h", cname = "GTestFunc", has_target = false)]
	public delegate void TestBody ();
}
