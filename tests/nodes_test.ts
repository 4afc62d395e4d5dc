import { testNodes } from "./node_cases.ts";

testNodes("stock");
