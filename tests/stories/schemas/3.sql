BEGIN TRANSACTION;
CREATE TABLE absence (
	id INTEGER NOT NULL, 
	agent TEXT NOT NULL, 
	leave TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME, 
	last_day TEXT NOT NULL, 
	source TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	backup VARCHAR, 
	because TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	told TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	look_at DATETIME, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE agent (
	id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	gone_at DATETIME, 
	PRIMARY KEY (id)
);
CREATE TABLE entry (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	ticket INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	author TEXT NOT NULL, 
	name TEXT NOT NULL, 
	agent VARCHAR, 
	voice TEXT NOT NULL, 
	text TEXT NOT NULL, 
	whole TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	inbox INTEGER, 
	attachments JSON NOT NULL, 
	FOREIGN KEY(ticket) REFERENCES ticket (number), 
	FOREIGN KEY(inbox) REFERENCES inbox (id)
);
INSERT INTO "entry" VALUES(1,1,1,'2026-11-21 09:00:00.000000','luc@customer.example','Luc Petit',NULL,'public','Invoice 77 shows two licences, but we ordered one.','Invoice 77 shows two licences, but we ordered one.

','m1@client.example',1,'[]');
INSERT INTO "entry" VALUES(2,1,2,'2026-11-21 09:00:00.000000','ann@agents.example','Ann Lee','ann','public','We look into it.

Ann','','m3@client.example',2,'[]');
INSERT INTO "entry" VALUES(3,2,1,'2026-11-21 09:00:00.000000','eva@other.example','Eva Moll',NULL,'public','A second question, about the printer.','A second question, about the printer.

','m5@client.example',3,'[]');
CREATE TABLE history (
	ticket INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	event TEXT NOT NULL, 
	who TEXT NOT NULL, 
	code TEXT NOT NULL, 
	text TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	why JSON, 
	chain TEXT NOT NULL, 
	PRIMARY KEY (ticket, seq), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
INSERT INTO "history" VALUES(1,1,'2026-11-21 09:00:00.000000','opened','Luc Petit','','no clue: a new ticket','','luc@customer.example','null','9df04c169636ea586bb747cdc89ce52f30ff4f16312d9debf47e659eb08a3961');
INSERT INTO "history" VALUES(1,2,'2026-11-21 09:00:00.000000','subject','Luc Petit','','','','Invoice 77 wrong','null','834e289c38c434f3ff33b847dac2fd3e8285e9fda1ca0ab9e5a9814e4464c015');
INSERT INTO "history" VALUES(1,3,'2026-11-21 09:00:00.000000','team','desk','routing','Messages to support@desk.example go to our support team.','','support','{"code": "routing", "text": "Messages to support@desk.example go to our support team.", "by": "", "phrase": "address", "who": "support@desk.example\tour support team"}','406a09780fbb0d01da50c74ce8558e974597e670f35bc078ca0e0409c5728227');
INSERT INTO "history" VALUES(1,4,'2026-11-21 09:00:00.000000','owner','desk','routing','Ann has the fewest open requests now.','','ann','{"code": "routing", "text": "Ann has the fewest open requests now.", "by": "", "phrase": "fewest_open", "who": "Ann"}','08be093d5828a232fa02135f51a82ff1b15996b2222ff9429dc98b8803adfba4');
INSERT INTO "history" VALUES(1,5,'2026-11-21 09:00:00.000000','status','desk','','','','open','null','2cd52e6d58b0a5f50bc43b34e8b8a4d58da6d07c3182869ae3ea231ed8d3e02d');
INSERT INTO "history" VALUES(1,6,'2026-11-21 09:00:00.000000','priority','desk','','','','normal','null','535c232fe74feaa1be3fe9e011ec8e08984876f3a3dd80a84449797fcc734445');
INSERT INTO "history" VALUES(1,7,'2026-11-21 09:00:00.000000','joined','Luc Petit','','requester','','luc@customer.example','null','b0fc6730bfc9da62e8ddf412de54503a34c661602122a2c3de32a7282b25fc62');
INSERT INTO "history" VALUES(1,8,'2026-11-21 09:00:00.000000','entry','Luc Petit','','public','','1','null','2984827ddc166f21491ed61d1dfbd16d4519133e8cd68c087e2f8d5ab1a85f15');
INSERT INTO "history" VALUES(1,9,'2026-11-21 09:00:00.000000','told','desk','','received','2','luc@customer.example','null','6aa710475432f84437f2050b82eef6fdd229847826f744ea0a28581b02b7dbf5');
INSERT INTO "history" VALUES(1,10,'2026-11-21 09:00:00.000000','owner','Ann Lee','other','Ben knows the contracts','ann','ben','{"code": "other", "text": "Ben knows the contracts", "by": "Ann Lee"}','0d95d15ea775ed6e268003a5b80f085998219370ffa2b025a5dffdd73333d303');
INSERT INTO "history" VALUES(1,11,'2026-11-21 09:00:00.000000','entry','Ann Lee','','public','','2','null','b55941d123033582c53a6bc46cdf3679ff3224a637125c3db8d70a425c879142');
INSERT INTO "history" VALUES(1,12,'2026-11-21 09:00:00.000000','told','desk','','owner-changed','4','luc@customer.example','null','0fe3b94f74070c315d8187bf79d6eb62f57f23b2861a5e01a3c05b9886d88f55');
INSERT INTO "history" VALUES(2,1,'2026-11-21 09:00:00.000000','opened','Eva Moll','','no clue: a new ticket','','eva@other.example','null','95298936db038d6fd779798bf35b29f825d4e82b1ca5b449d2fc496b498ffe3a');
INSERT INTO "history" VALUES(2,2,'2026-11-21 09:00:00.000000','subject','Eva Moll','','','','Printer','null','7344522e936f24516980c0161fa6fb81b0b4600b8e1c17e24f3059d2aab6fdbe');
INSERT INTO "history" VALUES(2,3,'2026-11-21 09:00:00.000000','team','desk','routing','Messages to support@desk.example go to our support team.','','support','{"code": "routing", "text": "Messages to support@desk.example go to our support team.", "by": "", "phrase": "address", "who": "support@desk.example\tour support team"}','e795bd88f3c9e3036b959acf6e9f6e4d76656f50ee58c679717a9afa947e8b97');
INSERT INTO "history" VALUES(2,4,'2026-11-21 09:00:00.000000','owner','desk','routing','Ann has the fewest open requests now.','','ann','{"code": "routing", "text": "Ann has the fewest open requests now.", "by": "", "phrase": "fewest_open", "who": "Ann"}','6e05e53f6f88715a2c3af68ed331e4b9cd1f8717737f7d638518a4b28d0c58c3');
INSERT INTO "history" VALUES(2,5,'2026-11-21 09:00:00.000000','status','desk','','','','open','null','f3e9afbbc92bf43a886cb98c20a664cc7e311a1fba3f0c4b57848eed46470aae');
INSERT INTO "history" VALUES(2,6,'2026-11-21 09:00:00.000000','priority','desk','','','','normal','null','1ffbb5574dea41fc2826b1bf9292f80b4b7ec851e9fd7241e70a969ea5807796');
INSERT INTO "history" VALUES(2,7,'2026-11-21 09:00:00.000000','joined','Eva Moll','','requester','','eva@other.example','null','f98820471e012be0292d1ade3816d1e30e9416dcc843972fbec82b9dfb3f468a');
INSERT INTO "history" VALUES(2,8,'2026-11-21 09:00:00.000000','entry','Eva Moll','','public','','1','null','ddf64db6285aca6baa38bc70a79c9f9fba84be2dabd43232374dee749e83c388');
INSERT INTO "history" VALUES(2,9,'2026-11-21 09:00:00.000000','told','desk','','received','7','eva@other.example','null','f84d3a0b7ecd1795b03c7eb55b2e948ad3225edf1dc96a75db4af68dd691b63d');
CREATE TABLE inbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	received_at DATETIME NOT NULL, 
	source TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	recipients JSON NOT NULL, 
	peer TEXT NOT NULL, 
	mailbox TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	author TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	ticket INTEGER, 
	duplicate_of INTEGER, 
	tries INTEGER NOT NULL, 
	starts INTEGER NOT NULL, 
	released TEXT NOT NULL, 
	because JSON NOT NULL, 
	decided_at DATETIME
);
INSERT INTO "inbox" VALUES(1,'2026-11-21 09:00:00.000000','smtp:2','luc@customer.example','["support@desk.example"]','127.0.0.1','','m1@client.example','6068a7d64d8c43cbbee5c98b463140cbfa866802b5bd15a1662ae55a1ed8549f','luc@customer.example','e01e8ae037f4846abf2e9da141c6378a9b2687a4da742bdbd2c2833dea7a86fa',400,'ticket',1,NULL,0,1,'','["no clue: a new ticket"]','2026-11-21 09:00:00.000000');
INSERT INTO "inbox" VALUES(2,'2026-11-21 09:00:00.000000','smtp:4','ann@agents.example','["support+afqqcaaaaaaacaaaaie5jav2zbvivqrsgoboqurf@desk.example"]','127.0.0.1','','m3@client.example','8d12b902bc8d4ed0d210e1ea621d76eee276fd8b8fee4edf57523684f46e5e96','ann@agents.example','8d8f928779d5324445319084bd641eb118917bcdbafc65b3289e3d935d2c5a65',1455,'ticket',1,NULL,0,1,'','["signed address of ann for #1"]','2026-11-21 09:00:00.000000');
INSERT INTO "inbox" VALUES(3,'2026-11-21 09:00:00.000000','smtp:6','eva@other.example','["support@desk.example"]','127.0.0.1','','m5@client.example','adb1bec3efd5180693436460106d8a78f97918ba75d5cb022233babfcc65fade','eva@other.example','f963da31f7d68baeb997f69c425980857fd8f903505b88da31606b46b1fa83b0',369,'ticket',2,NULL,0,1,'','["no clue: a new ticket"]','2026-11-21 09:00:00.000000');
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('proved:ann','2026-11-21T09:00:00+00:00');
CREATE TABLE outbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	ticket INTEGER, 
	party INTEGER NOT NULL, 
	agent VARCHAR, 
	recipient TEXT NOT NULL, 
	reader TEXT NOT NULL, 
	domain TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	notice TEXT NOT NULL, 
	auto BOOLEAN NOT NULL, 
	answers BOOLEAN NOT NULL, 
	proven BOOLEAN NOT NULL, 
	message_id TEXT NOT NULL, 
	inbox INTEGER, 
	state TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_at DATETIME, 
	"after" INTEGER, 
	after_until DATETIME, 
	leased_until DATETIME, 
	fence INTEGER NOT NULL, 
	told_late BOOLEAN NOT NULL, 
	uncertain INTEGER NOT NULL, 
	answer TEXT NOT NULL, 
	sent_at DATETIME, 
	question JSON, 
	content BLOB NOT NULL
);
INSERT INTO "outbox" VALUES(1,1,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaaa3b6jp3fvj3b6g@desk.example','assigned',0,0,1,'m.afwqcaaaaaaacaaaaie5j57lbxamkn5zzwkb7pqy.1@desk.example',1,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(2,1,1,NULL,'luc@customer.example','luc@customer.example','customer.example','support+miaqaaaaaabaubq3zjs3z7yo@desk.example','received',1,1,1,'m.afwqcaaaaaaacaaaaee5iu4rwcfrwlvgnpzqvy2d.2@desk.example',1,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(3,1,3,'ben','ben@agents.example','ben@agents.example','agents.example','support+miaqaaaaaabu5sfe4arc7p5d@desk.example','assigned',0,0,1,'m.afwqcaaaaaaacaaaame5irfmhowywnvj6c2qs5vt.3@desk.example',2,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(4,1,1,NULL,'luc@customer.example','luc@customer.example','customer.example','support+miaqaaaaaacmuqj7wv26igr2@desk.example','owner-changed',0,0,1,'m.afwqcaaaaaaacaaaaee5iu4rwcfrwlvgnpzqvy2d.4@desk.example',2,'sent',1,'2026-11-21 09:00:00.000000',NULL,3,'2026-11-21 09:05:00.000000',NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(5,1,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaacreobjgy6py4jc@desk.example','receipt',1,0,1,'m.afwqcaaaaaaacaaaaie5j57lbxamkn5zzwkb7pqy.5@desk.example',2,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(6,2,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaadicaekqlngyp5p@desk.example','assigned',0,0,1,'m.afwqcaaaaaaaeaaaaie5jtmd5sivz3qbcp46jkdy.6@desk.example',3,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(7,2,1,NULL,'eva@other.example','eva@other.example','other.example','support+miaqaaaaaad6k3fbd6gs4k7c@desk.example','received',1,1,1,'m.afwqcaaaaaaaeaaaaee5im57cerw5nevw4kvlm7q.7@desk.example',3,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
CREATE TABLE party (
	ticket INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	proven BOOLEAN NOT NULL, 
	kept BOOLEAN NOT NULL, 
	machine BOOLEAN NOT NULL, 
	agent VARCHAR, 
	PRIMARY KEY (ticket, number), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
INSERT INTO "party" VALUES(1,1,'luc@customer.example','Luc Petit','requester',1,1,0,NULL);
INSERT INTO "party" VALUES(1,2,'ann@agents.example','Ann Lee','agent',1,1,0,'ann');
INSERT INTO "party" VALUES(1,3,'ben@agents.example','Ben Ode','agent',1,1,0,'ben');
INSERT INTO "party" VALUES(2,1,'eva@other.example','Eva Moll','requester',1,1,0,NULL);
INSERT INTO "party" VALUES(2,2,'ann@agents.example','Ann Lee','agent',1,1,0,'ann');
CREATE TABLE raw (
	inbox INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	content BLOB, 
	PRIMARY KEY (inbox), 
	FOREIGN KEY(inbox) REFERENCES inbox (id)
);
INSERT INTO "raw" VALUES(1,'',X'41757468656E7469636174696F6E2D526573756C74733A0D0A206D782E6465736B2E6578616D706C653B20646D6172633D70617373206865616465722E66726F6D3D637573746F6D65722E6578616D706C650D0A46726F6D3A204C7563205065746974203C6C756340637573746F6D65722E6578616D706C653E0D0A546F3A20737570706F7274406465736B2E6578616D706C650D0A5375626A6563743A20496E766F6963652037372077726F6E670D0A446174653A205361742C203231204E6F7620323032362030393A30303A3030202B303030300D0A4D6573736167652D49443A203C6D3140636C69656E742E6578616D706C653E0D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220D0A436F6E74656E742D5472616E736665722D456E636F64696E673A20376269740D0A4D494D452D56657273696F6E3A20312E300D0A0D0A496E766F6963652037372073686F77732074776F206C6963656E6365732C20627574207765206F726465726564206F6E652E0D0A0D0A');
INSERT INTO "raw" VALUES(2,'',X'41757468656E7469636174696F6E2D526573756C74733A206D782E6465736B2E6578616D706C653B20646D6172633D70617373206865616465722E66726F6D3D6167656E74732E6578616D706C650D0A46726F6D3A20416E6E204C6565203C616E6E406167656E74732E6578616D706C653E0D0A546F3A20737570706F72742B61667171636161616161616163616161616965356A6176327A62766976717273676F626F71757266406465736B2E6578616D706C650D0A5375626A6563743A2052653A205B23315D20496E766F6963652037372077726F6E670D0A446174653A205361742C203231204E6F7620323032362030393A30303A3030202B303030300D0A4D6573736167652D49443A203C6D3340636C69656E742E6578616D706C653E0D0A496E2D5265706C792D546F3A203C6D2E61667771636161616161616163616161616965356A35376C6278616D6B6E357A7A776B62377071792E31406465736B2E6578616D706C653E0D0A5265666572656E6365733A203C6D2E61667771636161616161616163616161616165356963706179646465737A61376A7073326C366D752E30406465736B2E6578616D706C653E0D0A203C6D2E61667771636161616161616163616161616965356A35376C6278616D6B6E357A7A776B62377071792E31406465736B2E6578616D706C653E0D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220D0A436F6E74656E742D5472616E736665722D456E636F64696E673A2071756F7465642D7072696E7461626C650D0A4D494D452D56657273696F6E3A20312E300D0A0D0A2361737369676E2062656E20626563617573652042656E206B6E6F77732074686520636F6E7472616374730D0A0D0A5765206C6F6F6B20696E746F2069742E0D0A0D0A416E6E0D0A0D0A4F6E204672696461792C20224C75632050657469742028766961204578616D706C6520537570706F72742922203C737570706F7274406465736B2E6578616D706C653E2077726F74653A0D0A3E204C75632050657469742773207469636B657420697320796F757273206E6F773A2023312022496E766F6963652037372077726F6E67222E0D0A3E3D32300D0A3E20416E6E206861732074686520666577657374206F70656E207265717565737473206E6F772E0D0A3E3D32300D0A3E20596F7572207265706C7920746F2074686973206D61696C20676F657320746F204C75632050657469742E20466F722061206E6F746520746F20636F6C6C6561677565733A20236E6F7465203D0D0A6F6E20746865206669727374206C696E652E0D0A3E3D32300D0A3E202D2D2D20506C65617365207265706C792061626F76652074686973206C696E65202D2D2D0D0A3E3D32300D0A3E204C75632050657469742077726F74653A0D0A3E3D32300D0A3E20496E766F6963652037372073686F77732074776F206C6963656E6365732C20627574207765206F726465726564206F6E652E0D0A3E3D32300D0A3E20202057484F20204C75632050657469742C206C756340637573746F6D65722E6578616D706C650D0A3E3D32300D0A3E2020205469636B657420202020233120496E766F6963652037372077726F6E670D0A3E202020537461747573202020206F70656E0D0A3E2020204F776E65722020202020416E6E204C65650D0A3E2020205465616D202020202020537570706F72740D0A3E2020205072696F7269747920206E6F726D616C0D0A3E3D32300D0A3E202D2050617373206F6E3A207265706C79207769746820222361737369676E2057484F2062656361757365203D45323D38303D413622206F6E20746865206669727374206C696E650D0A3E202D204D61726B20617320736F6C7665643A207265706C792077697468202223736F6C76656422206F6E20746865206669727374206C696E650D0A3E3D32300D0A3E202D2D3D32300D0A3E204578616D706C6520537570706F72740D0A');
INSERT INTO "raw" VALUES(3,'',X'41757468656E7469636174696F6E2D526573756C74733A206D782E6465736B2E6578616D706C653B20646D6172633D70617373206865616465722E66726F6D3D6F746865722E6578616D706C650D0A46726F6D3A20457661204D6F6C6C203C657661406F746865722E6578616D706C653E0D0A546F3A20737570706F7274406465736B2E6578616D706C650D0A5375626A6563743A205072696E7465720D0A446174653A205361742C203231204E6F7620323032362030393A30303A3030202B303030300D0A4D6573736167652D49443A203C6D3540636C69656E742E6578616D706C653E0D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220D0A436F6E74656E742D5472616E736665722D456E636F64696E673A20376269740D0A4D494D452D56657273696F6E3A20312E300D0A0D0A41207365636F6E64207175657374696F6E2C2061626F757420746865207072696E7465722E0D0A0D0A');
CREATE TABLE seen (
	message_id VARCHAR NOT NULL, 
	ticket INTEGER NOT NULL, 
	PRIMARY KEY (message_id, ticket), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
INSERT INTO "seen" VALUES('m1@client.example',1);
INSERT INTO "seen" VALUES('m3@client.example',1);
INSERT INTO "seen" VALUES('m5@client.example',2);
CREATE TABLE ticket (
	number INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	status TEXT NOT NULL, 
	owner VARCHAR, 
	team TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	requester TEXT NOT NULL, 
	language TEXT NOT NULL, 
	tags JSON NOT NULL, 
	links JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	solved_at DATETIME, 
	promised_at DATETIME, 
	merged_into INTEGER, 
	root TEXT NOT NULL, 
	why JSON, 
	previous_owner VARCHAR, 
	told_owner VARCHAR, 
	told_team TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "ticket" VALUES(1,'Invoice 77 wrong','[#1] Invoice 77 wrong','open','ben','support','normal',1,'support@desk.example','luc@customer.example','en','[]','[]','2026-11-21 09:00:00.000000','2026-11-21 09:00:00.000000',NULL,NULL,NULL,'m.afwqcaaaaaaacaaaaae5icpayddesza7jps2l6mu.0@desk.example','{"code": "other", "text": "Ben knows the contracts", "by": "Ann Lee"}','ann','ben','support');
INSERT INTO "ticket" VALUES(2,'Printer','[#2] Printer','open','ann','support','normal',1,'support@desk.example','eva@other.example','en','[]','[]','2026-11-21 09:00:00.000000','2026-11-21 09:00:00.000000',NULL,NULL,NULL,'m.afwqcaaaaaaaeaaaaae5jcyrrqjj7drknfmaqt4s.0@desk.example','{"code": "routing", "text": "Ann has the fewest open requests now.", "by": "", "phrase": "fewest_open", "who": "Ann"}',NULL,'ann','support');
CREATE TABLE timer (
	ticket INTEGER NOT NULL, 
	timer VARCHAR NOT NULL, 
	due_at DATETIME NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (ticket, timer)
);
CREATE INDEX inbox_fingerprint ON inbox (fingerprint);
CREATE INDEX inbox_author ON inbox (author, id);
CREATE UNIQUE INDEX inbox_source ON inbox (source);
CREATE INDEX inbox_message_id ON inbox (message_id);
CREATE INDEX inbox_state ON inbox (state, id);
CREATE INDEX ticket_requester ON ticket (requester);
CREATE INDEX ticket_status ON ticket (status, owner);
CREATE INDEX ticket_owner ON ticket (owner, status);
CREATE INDEX ticket_team ON ticket (team, status);
CREATE INDEX outbox_ticket ON outbox (ticket);
CREATE INDEX outbox_reader ON outbox (reader, created_at);
CREATE INDEX outbox_answers ON outbox (answers, proven, created_at);
CREATE INDEX outbox_inbox ON outbox (inbox);
CREATE INDEX outbox_due ON outbox (state, next_at);
CREATE INDEX timer_due ON timer (due_at);
CREATE UNIQUE INDEX agent_number ON agent (number);
CREATE INDEX absence_agent ON absence (agent, created_at);
CREATE INDEX absence_stage ON absence (stage, look_at);
CREATE INDEX party_address ON party (address);
CREATE INDEX entry_inbox ON entry (inbox);
CREATE UNIQUE INDEX entry_ticket ON entry (ticket, seq);
CREATE INDEX history_absence ON history ("before", at) WHERE code IN ('absence.planned', 'absence.unplanned', 'left');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('inbox',3);
INSERT INTO "sqlite_sequence" VALUES('entry',3);
INSERT INTO "sqlite_sequence" VALUES('outbox',7);
COMMIT;
